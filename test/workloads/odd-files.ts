/** A file that somebody could well commit, what kustomize 5.8.1 makes of it, and what we say. */
export interface OddFile {
  readonly name: string
  readonly content: string | Uint8Array
  readonly kustomize: 'takes it' | 'refuses it'
  /** `severity id line: message` of the first finding; `null`: it is read as kustomize reads it. */
  readonly finding: string | null
}

type Row = readonly [name: string, content: string | Uint8Array, kustomize: OddFile['kustomize'], finding: string | null]

const cart = `apiVersion: apps/v1
kind: Deployment
metadata:
  name: cart
  namespace: shop
spec:
  template:
    metadata:
      labels: {app: cart}
      annotations: {a: b}
`
const [takes, refuses] = ['takes it', 'refuses it'] as const
const edited = (from: string, to: string): string => cart.replace(from, to)
const named = (name: string): string => edited('name: cart', `name: ${name}`)
const joined = (...parts: readonly string[]): string => parts.join('')
const second = edited('name: cart', 'name: till')
const lineEnd = 'error yaml/syntax LINE: not valid YAML: a character that Go takes for the end of a line'
const aTab = 'not valid YAML: a tab on a line of its own, where only spaces may stand'

const manifests: readonly Row[] = [
  // What YAML takes for something else than a string.
  ...['y', 'n', 'yes', 'NO', 'on', 'Off', 'true', 'False', '7', '0777', '1e3', '1_000', '0x1F', '.5', '!!binary eA=='].map((name): Row => [
    `a Deployment named ${name}`,
    named(name),
    takes,
    'error workloads/not-a-string 4: metadata.name is not a string',
  ]),
  ...['"y"', "'on'", '!!str y', '1:30', 'e1', '.'].map((name): Row => [`a Deployment named ${name}`, named(name), takes, null]),
  ['a namespace named y', edited('shop', 'y'), takes, 'error workloads/not-a-string 5: metadata.namespace is not a string'],
  ['a kind named y', edited('Deployment', 'y'), takes, 'error workloads/not-a-string 2: kind is not a string'],
  ['a label on', edited('{app: cart}', '{app: on}'), takes, 'error workloads/not-a-string 9: spec.template.metadata.labels.app is not'],
  ['an annotation 1', edited('{a: b}', '{a: 1}'), takes, 'error workloads/not-a-string 10: spec.template.metadata.annotations.a is not'],
  [
    'a ConfigMap named y in a list',
    'apiVersion: v1\nkind: List\nitems:\n- {apiVersion: v1, kind: ConfigMap, metadata: {name: y}}\n',
    takes,
    'error workloads/not-a-string 4: metadata.name is not a string',
  ],
  [
    'a Service named y',
    'apiVersion: v1\nkind: Service\nmetadata: {name: y}\n',
    takes,
    'warning workloads/not-a-string 3: metadata.name is not',
  ],
  ['no name', named(''), refuses, 'info workloads/not-an-object 1: this document is not a Kubernetes object'],
  // Duplicate keys, anchors, merge keys.
  ['a key twice', joined(cart, 'kind: Job\n'), refuses, 'error yaml/syntax 11: not valid YAML: Map keys must be unique'],
  ['a label twice', edited('{app: cart}', '{app: cart, app: x}'), refuses, 'error yaml/syntax 9: not valid YAML: Map keys must be unique'],
  ['an anchor', edited('{app: cart}', '&labels {app: cart}').replace('{a: b}', '*labels'), takes, null],
  ['a merge key', joined('x-base: &base {app: cart}\n', edited('{app: cart}', '{<<: *base, b: c}')), takes, null],
  ['a merge key before what it must not replace', edited('{a: b}', '{<<: {a: x}, a: b}'), takes, null],
  ['two merge keys', edited('{a: b}', '{<<: {a: b}, <<: {c: d}}'), refuses, 'error yaml/syntax 10: not valid YAML: a second merge key'],
  [
    'a merge key for a text',
    edited('{a: b}', '{<<: text}'),
    refuses,
    'error yaml/syntax 10: not valid YAML: a merge key (<<) for something',
  ],
  ['an alias of another document', joined('a: &a x\n---\n', named('*a')), refuses, 'error yaml/syntax 6: not valid YAML: Unresolved alias'],
  // Tabs.
  ['a tab as indentation', edited('  name', '\tname'), refuses, 'error yaml/syntax 4: not valid YAML: Tabs are not allowed as indentation'],
  ['a tab on an empty line', edited('metadata:\n', 'metadata:\n\t\n'), refuses, `error yaml/syntax 4: ${aTab}`],
  ['a tab on an empty line behind a value', edited('cart\n', 'cart\n \t\n'), refuses, `error yaml/syntax 5: ${aTab}`],
  ['a tab before a comment', joined(cart, '\t# no more\n'), refuses, `error yaml/syntax 11: ${aTab}`],
  ['tabs elsewhere', edited('name: cart', 'name:\tcart\t# a\tb').replace('{a: b}', '{a: b,\n        \t\n        c: "d\te"}'), takes, null],
  // Bytes.
  ['a byte order mark', `\ufeff${cart}`, takes, null],
  [
    'a byte order mark between',
    `${cart}---\n\ufeff${second}`,
    takes,
    'error yaml/syntax 12: not valid YAML: a byte order mark that is not at',
  ],
  ['CRLF', `${cart}---\n${second}`.replaceAll('\n', '\r\n'), takes, null],
  ['CR alone', cart.replaceAll('\n', '\r'), takes, lineEnd.replace('LINE', '1')],
  ['NEL', edited('  namespace', '\u0085  namespace'), takes, lineEnd.replace('LINE', '5')],
  ['a line separator in a comment', joined('# a\u2028b\n', cart), refuses, lineEnd.replace('LINE', '1')],
  ['NUL', `${cart}\u0000`, refuses, 'error yaml/encoding -: the file holds NUL bytes'],
  ['a control character', `${cart}# \u001b\n`, refuses, 'error yaml/encoding 11: the file holds a control character'],
  ['Latin-1', Buffer.from(`${cart}# \u00e9\n`, 'latin1'), refuses, 'error yaml/encoding -: the file is not valid UTF-8'],
  ['UTF-16', Buffer.from(`\ufeff${cart}`, 'utf16le'), takes, 'error yaml/encoding -: the file holds NUL bytes'],
  // Documents.
  ['a document behind ...', `${cart}...\n${second}`, takes, 'error yaml/syntax 12: not valid YAML: a document that no --- opens'],
  ['... and ---', `${cart}...\n---\n${second}`, takes, null],
  ['--- with a comment', `---\n${cart}--- # the till\n${second}---\n`, takes, null],
  ['--- with content', `${cart}--- {a: b}\n`, refuses, 'error yaml/syntax 11: not valid YAML: content behind ---'],
  ['%YAML', `%YAML 1.2\n---\n${cart}`, refuses, 'error yaml/syntax 1: not valid YAML: a %YAML or %TAG directive'],
  ['nothing', '', takes, null],
  ['a text', 'hello\n', refuses, 'info workloads/not-an-object 1: this document is not a Kubernetes object'],
  // Templates.
  ['a template as name', named('{{ .Values.name }}'), refuses, 'error workloads/template 1: template markers ({{ … }})'],
  ['a template around lines', edited('spec:', '{{- if .x }}\nspec:'), refuses, 'error workloads/template 6: template markers ({{ … }})'],
  ['a template in quotes', named('"{{ .Values.name }}"'), takes, null],
  ['a variable', named('${NAME}'), takes, null],
]

const kustomizations: readonly Row[] = [
  ['namespace y', 'resources: [d.yaml]\nnamespace: y\n', refuses, 'error workloads/kustomization 2: namespace is not a string'],
  ['namePrefix 1', 'resources: [d.yaml]\nnamePrefix: 1\n', refuses, 'error workloads/kustomization 2: namePrefix is not a string'],
  [
    'a common label on',
    'resources: [d.yaml]\ncommonLabels: {a: on}\n',
    refuses,
    'error workloads/kustomization 2: commonLabels.a is not a string',
  ],
  [
    'a label 1',
    'resources: [d.yaml]\nlabels:\n- pairs: {a: 1}\n',
    refuses,
    'error workloads/kustomization 3: labels.0.pairs.a is not a string',
  ],
  ['a resource y', 'resources:\n- d.yaml\n- y\n', refuses, 'error workloads/kustomization 3: resources.1 is not a string'],
  ['an empty resource', 'resources:\n- d.yaml\n-\n', refuses, 'error workloads/kustomization 3: resources.1 is not a string'],
  ['resources that are no list', 'resources: d.yaml\n', refuses, 'error workloads/kustomization 1: resources is not a list'],
  [
    'components that are no list',
    'resources: [d.yaml]\ncomponents: c\n',
    refuses,
    'error workloads/kustomization 2: components is not a list',
  ],
  [
    'patches that are no list',
    'resources: [d.yaml]\npatches: {path: p}\n',
    refuses,
    'error workloads/kustomization 2: patches is not a list',
  ],
  [
    'a field twice',
    'resources: [d.yaml]\nnamespace: a\nnamespace: b\n',
    takes,
    'error yaml/syntax 3: not valid YAML: Map keys must be unique',
  ],
  [
    'a field twice, in other letters',
    'resources: [d.yaml]\nnamespace: a\nNamespace: b\n',
    takes,
    'error workloads/kustomization 3: namespace is there twice, in other letters',
  ],
  ['fields that hold nothing', 'resources: [d.yaml]\nnamespace:\npatches:\ncommonLabels:\n', takes, null],
  ['a byte order mark', '\ufeffresources: [d.yaml]\n', takes, null],
  ['CRLF', 'resources:\r\n- d.yaml\r\nnamespace: a\r\n', takes, null],
]

const asOddFile = ([name, content, kustomize, finding]: Row): OddFile => ({ name, content, kustomize, finding })

export const oddManifests: readonly OddFile[] = manifests.map(asOddFile)
export const oddKustomizations: readonly OddFile[] = kustomizations.map(asOddFile)

/** The tree that holds it, with the overlay in `o`. */
export function treeOf(odd: OddFile): Readonly<Record<string, string | Uint8Array>> {
  return oddManifests.includes(odd)
    ? { 'o/kustomization.yaml': 'resources: [d.yaml]\n', 'o/d.yaml': odd.content }
    : { 'o/kustomization.yaml': odd.content, 'o/d.yaml': cart }
}
