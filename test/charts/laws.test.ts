import fc from 'fast-check'
import { expect, test } from 'vitest'
import { renderCluster } from '../../charts/index.ts'
import { formatWorkloadId } from '../../src/base/index.ts'
import type { RestartList } from '../../src/rotation/index.ts'
import { runsOf } from '../support/cases.ts'
import { clusterProps } from './cluster-props.ts'
import { itemsOf, objectsOf, stubsIn } from './objects.ts'
import type { Rendered } from './objects.ts'
import { restartList } from './restart-lists.ts'

const runs = runsOf('render')

function rendered(step: RestartList): readonly Rendered[] {
  return objectsOf(renderCluster(clusterProps({ step })))
}

const inWave = (object: Rendered, wave: string): boolean => new RegExp(`/waves/\\d+-${wave}/`).test(object.file)

test('rendering twice gives the same bytes', () => {
  fc.assert(
    fc.property(restartList, (step) => {
      expect([...renderCluster(clusterProps({ step: structuredClone(step) }))]).toEqual([...renderCluster(clusterProps({ step }))])
    }),
    runs,
  )
})

test('every name is a DNS label of at most 63 characters, and no object is there twice', () => {
  fc.assert(
    fc.property(restartList, (step) => {
      const objects = rendered(step)
      const keys = objects.map(({ kind, metadata }) => `${kind}/${metadata.namespace ?? ''}/${metadata.name}`)
      expect(new Set(keys).size).toBe(keys.length)
      for (const { metadata } of objects) expect(metadata.name).toMatch(/^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$/)
    }),
    runs,
  )
})

test('every workload that restarts is waited for once, and restarted once by what its delivery says', () => {
  fc.assert(
    fc.property(restartList, (step) => {
      const objects = rendered(step)
      const named = (file: string): readonly string[] =>
        objects
          .filter((object) => object.kind === 'Job' && object.file.endsWith(file) && !object.file.includes('00-entry-gate'))
          .flatMap((job) => stubsIn(objects, job, 'workloads.yaml'))
      const listed = (...how: readonly string[]): readonly string[] =>
        step.waves.flatMap(({ restarts }) =>
          restarts.filter((entry) => how.includes(entry.delivery)).map((entry) => formatWorkloadId(entry.workload)),
        )

      const merged = objects
        .filter(({ file }) => file.endsWith('/merge.yaml'))
        .map(({ kind, metadata }) => `${kind}/${metadata.namespace}/${metadata.name}`)

      expect(named('gate.yaml').toSorted()).toEqual(listed('job', 'owner', 'merge').toSorted())
      expect(named('restart.yaml').toSorted()).toEqual(listed('job').toSorted())
      expect(merged.toSorted()).toEqual(listed('merge').toSorted())
    }),
    runs,
  )
})

test('a wave may touch its own namespaces and no other, and patch only what it restarts', () => {
  fc.assert(
    fc.property(restartList, (step) => {
      const objects = rendered(step)
      for (const wave of step.waves) {
        const roles = objects.filter((object) => object.kind === 'Role' && inWave(object, wave.name))
        const restarted = wave.restarts.filter((entry) => entry.delivery !== 'none').map((entry) => entry.workload)
        expect(new Set(roles.map(({ metadata }) => metadata.namespace))).toEqual(
          new Set([...restarted.map(({ namespace }) => namespace), ...wave.namespaces]),
        )

        const patched = roles.flatMap(({ metadata, rules }) =>
          (rules ?? [])
            .filter(({ verbs, resourceNames }) => verbs.includes('patch') && resourceNames !== undefined)
            .flatMap(({ resourceNames }) => (resourceNames ?? []).map((name) => `${metadata.namespace}/${name}`)),
        )
        const job = wave.restarts
          .filter((entry) => entry.delivery === 'job')
          .map(({ workload: { namespace, name } }) => `${namespace}/${name}`)
        expect(patched.toSorted()).toEqual(job.toSorted())
      }
    }),
    runs,
  )
})

test('the entry gate restarts what the step before left to Jobs, or merged, waits for all of it, wave after wave, and may patch no more', () => {
  fc.assert(
    fc.property(restartList, (step) => {
      const objects = rendered(step).filter(({ file }) => file.includes('00-entry-gate'))
      const jobs = objects.filter(({ kind }) => kind === 'Job')
      const left = (step.entry?.waves ?? []).flatMap((wave) => wave.restarts)
      const text = (of: typeof left): readonly string[] => of.map((restart) => formatWorkloadId(restart.workload))
      const named = (file: string): readonly string[] =>
        jobs.flatMap((job) =>
          itemsOf(job)
            .filter(({ path }) => path.startsWith('g1-steady/') && path.endsWith(`/${file}.yaml`))
            .map(({ path }) => path)
            .toSorted()
            .flatMap((path) => stubsIn(objects, job, path)),
        )

      expect(jobs).toHaveLength(step.entry === null ? 0 : 1)
      expect(named('restart')).toEqual(text(left.filter((restart) => restart.delivery !== 'owner')))
      expect(named('restarted')).toEqual(text(left))
      expect(named('rolled-out')).toEqual(text(left))
      const patched = objects.flatMap(({ metadata, rules }) =>
        (rules ?? [])
          .filter(
            ({ verbs, resources, resourceNames }) => verbs.includes('patch') && resources[0] !== 'jobs' && resourceNames !== undefined,
          )
          .flatMap(({ resources, resourceNames }) =>
            (resourceNames ?? []).map((name) => `${resources.join()}/${metadata.namespace}/${name}`),
          ),
      )
      expect(patched.toSorted()).toEqual(
        text(left.filter((restart) => restart.delivery !== 'owner'))
          .map((of) => of.replace('/', 's/').toLowerCase())
          .toSorted(),
      )
    }),
    runs,
  )
})

test('no role is wider than a name, but in namespaces that Git does not show; none reads a Secret or writes but by patch', () => {
  fc.assert(
    fc.property(restartList, (step) => {
      for (const { kind, file, rules } of rendered(step).filter((object) => object.kind === 'Role' || object.kind === 'ClusterRole')) {
        for (const { resources, resourceNames, verbs } of rules ?? []) {
          expect(['get', 'list', 'watch', 'patch']).toEqual(expect.arrayContaining([...verbs]))
          expect(resources).not.toContain('secrets')
          if (resourceNames === undefined) expect(file).toMatch(/\/namespaces\.yaml$|\/00-entry-gate\/gate\.yaml$/)
          if (kind === 'ClusterRole')
            expect({ resources, resourceNames, verbs }).toEqual({
              resources: ['configmaps'],
              resourceNames: ['istio-ca-root-cert'],
              verbs: ['get'],
            })
        }
      }
    }),
    runs,
  )
})
