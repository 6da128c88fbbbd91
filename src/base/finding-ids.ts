/** The closed list of findings: id and title. An id is `area/kebab`, and never changes its meaning. */
export const findingTitles = {
  // YAML files of any kind
  'yaml/encoding': 'a file is not UTF-8, holds NUL bytes, or is larger than 5 MiB',
  'yaml/syntax': 'a file is not valid YAML as Kubernetes reads it',
  // reroot.yaml
  'config/schema': 'reroot.yaml has an unknown key, a missing key, or a value of the wrong shape',
  'config/rule': 'values of reroot.yaml contradict each other',
  // mesh.yaml, record.yaml, restarts.yaml
  'record/schema': 'a file of the record has the wrong shape',
  'record/certificate': 'a fact in the record differs from its certificate',
  'record/phase': 'the state in the record does not follow from its transitions',
} as const

export type FindingId = keyof typeof findingTitles
