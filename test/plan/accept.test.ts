import { describe, expect, test } from 'vitest'
import type { Finding } from '../../src/base/index.ts'
import { acceptFindings, openDoubts, unusedAcceptances, waysPast } from '../../src/plan/index.ts'
import { makeConfig } from '../support/mesh.ts'

describe('accepted findings', () => {
  const finding: Finding = { id: 'workloads/opaque', severity: 'error', place: { file: 'a.yaml' }, message: 'hidden', remedy: 'list it' }

  test('another file, another id and what nobody may accept stay errors', () => {
    const unacceptable: Finding = { ...finding, id: 'ca/preflight' }
    expect(acceptFindings([finding], [{ finding: 'workloads/opaque', file: 'b.yaml', reason: 'known' }])).toEqual([finding])
    expect(acceptFindings([finding], [{ finding: 'workloads/job', reason: 'known' }])).toEqual([finding])
    expect(acceptFindings([unacceptable], [{ finding: 'ca/preflight', reason: 'known' }])).toEqual([unacceptable])
  })

  test('become warnings with the reason; what was no error is not touched, and accepting twice changes nothing', () => {
    const accepted = [{ finding: 'workloads/opaque', reason: 'TICKET-1' }]
    const info: Finding = { ...finding, severity: 'info' }
    const once = acceptFindings([finding, info], accepted)

    expect(once).toEqual([{ ...finding, severity: 'warning', message: 'hidden (accepted: TICKET-1)' }, info])
    expect(acceptFindings(once, accepted)).toEqual(once)
    const inviting = { ...finding, remedy: 'list it; or accept this finding if none matters' }
    expect(acceptFindings([inviting], accepted)[0]?.remedy).toBe('list it')
    const naming = { ...finding, remedy: 'list it; or accept this finding and name them' }
    expect(acceptFindings([naming], accepted)[0]?.remedy).toBe('list it; or name them')
    expect(acceptFindings([finding], [{ finding: 'workloads/opaque', file: 'a.yaml', reason: 'x' }])[0]?.severity).toBe('warning')
  })

  test('a warning that is a doubt keeps being told with the reason, and is none any more: of one file, or one object', () => {
    const doubt: Finding = {
      ...finding,
      id: 'workloads/operator',
      severity: 'warning',
      remedy: 'restart it; or accept this finding with a reason',
    }

    const [accepted] = acceptFindings([doubt], [{ finding: 'workloads/operator', reason: 'no sidecars' }])

    expect(accepted).toEqual({ ...doubt, message: 'hidden (accepted: no sidecars)', remedy: 'restart it' })
    const [topic, brokers] = ['KafkaTopic a/b', 'Kafka a/b'].map((object) => ({ ...doubt, place: { file: 'a.yaml', object } }))
    const entry = { finding: 'workloads/operator', reason: 'no sidecars' }
    expect(openDoubts([doubt, finding], [])).toEqual([doubt])
    expect(openDoubts([doubt, finding], [entry])).toEqual([])
    expect(openDoubts([topic ?? doubt, brokers ?? doubt], [{ ...entry, object: 'KafkaTopic a/b' }])).toEqual([brokers])
  })

  test('an entry that nothing answers to is told, but not where findings come and go with the step', () => {
    const entries = [
      { finding: 'workloads/opaque', file: 'a.yaml', reason: 'x' },
      { finding: 'workloads/opaque', file: 'b.yaml', reason: 'x' },
      { finding: 'restart/unseen', reason: 'x' },
    ]

    expect(unusedAcceptances([finding], entries, 'mesh-ca/reroot.yaml')).toMatchObject([
      { id: 'restart/unmatched', severity: 'warning', place: { object: 'accept[1]' }, found: 'workloads/opaque, b.yaml' },
    ])
  })
})

describe('the way past errors', () => {
  const error = (id: Finding['id'], file?: string): Finding => ({
    ...{ id, severity: 'error', message: 'hidden', remedy: 'list it' },
    place: file === undefined ? {} : { file },
  })

  test('is not to accept them where nobody may', () => {
    expect(waysPast([error('ca/preflight', 'a.yaml')])).toBe('mend each')
  })

  test('has the very lines of reroot.yaml, each once, only of what may be accepted, and only a few', () => {
    const errors = [
      error('ca/preflight', 'a.yaml'),
      error('workloads/opaque', 'apps/a.yaml'),
      error('workloads/opaque', 'apps/a.yaml'),
      error('workloads/job', 'apps/{a}, b.yaml'),
      error('restart/unseen'),
    ]

    const text = waysPast(errors)

    const [, pasted] = text.split('with a reason:\n')
    expect(text).toContain('\n  - { finding: workloads/opaque, file: apps/a.yaml, reason: "…" }\n')
    expect(makeConfig(pasted).accept).toEqual([
      { finding: 'workloads/opaque', file: 'apps/a.yaml', reason: '…' },
      { finding: 'workloads/job', file: 'apps/{a}, b.yaml', reason: '…' },
      { finding: 'restart/unseen', reason: '…' },
    ])
    expect(waysPast(Array.from({ length: 7 }, (_, index) => error('workloads/job', `${index}.yaml`)))).toMatch(
      /4\.yaml.*\n {2}# and 2 more$/,
    )
  })
})
