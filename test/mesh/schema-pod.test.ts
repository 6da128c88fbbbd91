import { describe, expect, test } from 'vitest'
import { parseConfig } from '../../src/mesh/index.ts'
import { bytesOf, configText } from '../support/mesh.ts'
import { file, problems } from './problems.ts'

describe('the Jobs’ pods', () => {
  const written = (pod: string): string => configText(`gates: { pod: { ${pod} } }\n`)
  const line = written('').split('\n').length - 1

  test.each([
    ['a key that pods have, and this has not', 'priorityClassName: high', 'gates.pod.priorityClassName is not a known key'],
    ['a pull Secret as pods have it', 'imagePullSecrets: [{ name: a }]', 'gates.pod.imagePullSecrets[0]: expected string, received object'],
    [
      'a pull Secret with a name that no object can have',
      'imagePullSecrets: [My_Mirror]',
      'gates.pod.imagePullSecrets[0]: must be the name of an object: lower-case letters, digits, dashes and dots',
    ],
    [
      'a node’s label that is a boolean to YAML',
      'nodeSelector: { mesh: true }',
      'gates.pod.nodeSelector.mesh: expected string, received boolean',
    ],
    [
      'a node’s label with a key that none can have',
      'nodeSelector: { "a b": x }',
      'gates.pod.nodeSelector.a b: must be the key of a label, such as kubernetes.io/os',
    ],
    [
      'a node’s label with a value that none can have',
      'nodeSelector: { a: "-" }',
      'gates.pod.nodeSelector.a: must be the value of a label: at most 63 letters, digits, dashes, underscores and dots',
    ],
    ['a taint without a key', 'tolerations: [{ effect: NoSchedule }]', 'gates.pod.tolerations[0]: must have a key, or operator: Exists'],
    [
      'a taint that may have any value, and one',
      'tolerations: [{ key: a, operator: Exists, value: b }]',
      'gates.pod.tolerations[0]: must have no value beside operator: Exists',
    ],
    ['a taint whose effect is nothing', 'tolerations: [{ key: a, effect: ~ }]', 'gates.pod.tolerations[0].effect: '],
    ['root', 'runAsUser: 0', 'gates.pod.runAsUser: expected number to be >=1'],
  ])('refused: %s', (_, pod, expected) => {
    expect(problems(written(pod))).toEqual([expect.stringContaining(`${line}: ${expected}`)])
  })

  test('are as they were where nothing is said, and else as it is said', () => {
    const podOf = (text: string): unknown => parseConfig(bytesOf(text), file).gates.pod

    expect(podOf(configText())).toEqual({ imagePullSecrets: [], nodeSelector: {}, tolerations: [], runAsUser: 65_532 })
    expect(
      podOf(
        written(
          'imagePullSecrets: [mirror.example], nodeSelector: { kubernetes.io/os: linux }, tolerations: [{ operator: Exists }, { key: example.com/mesh, value: "" }], runAsUser: ~',
        ),
      ),
    ).toEqual({
      imagePullSecrets: ['mirror.example'],
      nodeSelector: { 'kubernetes.io/os': 'linux' },
      tolerations: [{ operator: 'Exists' }, { key: 'example.com/mesh', operator: 'Equal', value: '' }],
      runAsUser: null,
    })
  })
})
