import { readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { bundleText, parseCertificate } from '../../src/pki/index.ts'
import { clusterCa, firstRoot } from '../support/first-ca.ts'
import type { Edits } from '../support/forge.ts'
import { Sandbox } from '../support/sandbox.ts'
import { deliverInPlace, inPlaceFile, laidOutCa, secretOf } from '../support/sealed-secret.ts'
import { sandboxIn } from '../support/states.ts'

const withCacerts = (sandbox: Sandbox, manifest: string): Edits => ({
  'infrastructure/istio/cacerts.yaml': manifest,
  'infrastructure/istio/kustomization.yaml': sandbox.forge
    .file('infrastructure/istio/kustomization.yaml')
    .replace('  - istiod.yaml\n', '  - cacerts.yaml\n  - istiod.yaml\n'),
})

test('a folder that is no git repository', async () => {
  const sandbox = await sandboxIn('fresh')

  await sandbox.refuses(sandbox.initArguments(), {
    as: sandbox.operator,
    cwd: sandbox.certs,
    exitCode: 4,
    code: 'GIT_FAILED',
    says: ['is not in a git repository'],
  })
})

test('a clone without a remote, unless nothing is to be pushed', async () => {
  const sandbox = await sandboxIn('fresh')
  sandbox.git('remote', 'remove', 'origin')

  await sandbox.refuses(sandbox.initArguments(), {
    as: sandbox.operator,
    exitCode: 3,
    code: 'REFUSED',
    says: ['this clone has no remote origin', '--no-push'],
  })
  await sandbox.does(sandbox.initArguments('--no-push'), { as: sandbox.operator })

  expect(sandbox.git('branch', '--list', 'mesh-ca/*', '--format=%(refname:short)')).toBe('mesh-ca/init')
})

test('a second init, after the first is merged', async () => {
  const sandbox = await sandboxIn('initialised')

  await sandbox.refuses(sandbox.initArguments(), {
    as: sandbox.operator,
    exitCode: 3,
    code: 'REFUSED',
    says: ['mesh-ca/reroot.yaml is there already'],
  })
})

test('init before the first is merged takes its branch up again: the sealed Secret keeps its bytes, nothing is pushed', async () => {
  const sandbox = await sandboxIn('fresh')
  await sandbox.does(sandbox.initArguments(), { as: sandbox.operator })
  const before = sandbox.everything()

  const { stderr } = await sandbox.does(sandbox.initArguments(), { as: sandbox.operator })

  expect(stderr).toContain('mesh-ca/init is up to date')
  expect(sandbox.everything()).toEqual(before)
})

test('no --from where Git has no Secret', async () => {
  const sandbox = await sandboxIn('fresh')
  const args = [
    'init',
    '--mesh',
    'shop',
    '--cluster-recipient',
    `prod=${sandbox.cluster.recipient}`,
    '--operator',
    sandbox.operator.recipient,
  ]

  await sandbox.refuses(args, {
    as: sandbox.operator,
    exitCode: 2,
    code: 'USAGE',
    says: ['the repository has no Secret cacerts for prod', '--from'],
  })
})

test.each([
  ['--from a folder that does not exist', ['--from', '../cert'], ['--from ../cert: there is no such folder']],
  [
    '--from for a cluster that does not exist',
    ['--from', 'prd=../certs'],
    ['--from names prd, which is no cluster', 'the clusters are: prod'],
  ],
  ['--mesh with a name that cannot be one', ['--mesh', 'The Shop'], ['--mesh "The Shop"', 'DNS-1123 label']],
  ['--istio-version that is none', ['--istio-version', 'latest'], ['--istio-version "latest"', '1.30.3']],
  ['--istio-namespace that is none', ['--istio-namespace', 'istio/system'], ['--istio-namespace "istio/system"', 'DNS-1123 label']],
])('%s', async (_, args, says) => {
  const sandbox = await sandboxIn('fresh')

  const { stderr } = await sandbox.refuses(sandbox.initArguments(...args), { as: sandbox.operator, exitCode: 2, code: 'USAGE', says })

  expect(stderr).not.toContain('reroot.yaml')
})

test('lists with commas are taken apart: clusters, operators, custodians', async () => {
  const sandbox = await sandboxIn('argocdFresh')
  const people = `${sandbox.operator.recipient}, ${sandbox.custodian.recipient}`

  const { stdout } = await sandbox.does(
    sandbox.initArguments('--cluster', 'prod-eu,prod-us', '--operator', people, '--custodian', people, '--dry-run'),
    { as: sandbox.operator },
  )

  expect(stdout).toMatch(new RegExp(`the Secret of prod-eu, prod-us: .*${sandbox.custodian.recipient}`))
  expect(stdout).toMatch(new RegExp(`keys of new roots: .*${sandbox.operator.recipient}`))
})

test('--from a folder in which files are missing names each of them', async () => {
  const sandbox = await sandboxIn('fresh')
  for (const path of ['prod/ca-key.pem', 'prod/root-cert.pem', 'root-cert.pem']) rmSync(join(sandbox.certs, path))

  await sandbox.refuses(sandbox.initArguments(), {
    as: sandbox.operator,
    exitCode: 3,
    code: 'CA_UNSUPPORTED',
    says: ['ca-key.pem', 'root-cert.pem', 'are missing'],
  })
})

test('a Secret cacerts in the clear in Git', async () => {
  const sandbox = await sandboxIn('fresh')
  sandbox.forge.push(
    withCacerts(
      sandbox,
      'apiVersion: v1\nkind: Secret\nmetadata: {name: cacerts, namespace: istio-system}\ndata: {ca-key.pem: bm90IGEga2V5}\n',
    ),
  )

  await sandbox.refuses(sandbox.initArguments(), {
    as: sandbox.operator,
    exitCode: 3,
    code: 'CA_UNSUPPORTED',
    says: ['the CA’s private key is in Git in the clear', 'infrastructure/istio/cacerts.yaml:1', 'reroot replace'],
  })
})

test.each([
  [
    'SealedSecret',
    'apiVersion: bitnami.com/v1alpha1\nkind: SealedSecret\nmetadata: {name: cacerts, namespace: istio-system}\nspec: {encryptedData: {}}\n',
  ],
  [
    'ExternalSecret',
    'apiVersion: external-secrets.io/v1\nkind: ExternalSecret\nmetadata: {name: mesh, namespace: istio-system}\nspec: {target: {name: cacerts}}\n',
  ],
])('a Secret cacerts that is made by a %s', async (kind, manifest) => {
  const sandbox = await sandboxIn('fresh')
  sandbox.forge.push(withCacerts(sandbox, manifest))

  await sandbox.refuses(sandbox.initArguments(), {
    as: sandbox.operator,
    exitCode: 3,
    code: 'CA_UNSUPPORTED',
    says: [`made by a ${kind}`, 'prune protection'],
  })
})

test.each([
  ['of the style of kubernetes.io/tls', { 'tls.crt': 'x', 'tls.key': 'x' }, /tls\.crt/],
  ['that istiod made itself', { 'istio-generated': '' }, /istiod made it itself/],
  ['with a revocation list', { 'ca-crl.pem': '-----BEGIN X509 CRL-----\n' }, /revocation list \(ca-crl\.pem\)/],
  ['with keys that istiod does not read', { 'notes.txt': 'by hand' }, /notes\.txt/],
])('a sealed Secret %s', async (_, keys, says) => {
  const sandbox = await sandboxIn('fresh')
  await deliverInPlace(sandbox, secretOf({ ...laidOutCa(sandbox), ...keys }))

  await sandbox.refuses(['init', '--mesh', 'shop'], {
    as: sandbox.operator,
    exitCode: 3,
    code: 'CA_UNSUPPORTED',
    says: [says, inPlaceFile],
  })
})

test('a sealed Secret that the person who runs init cannot open', async () => {
  const sandbox = await sandboxIn('fresh')
  await deliverInPlace(sandbox, secretOf(laidOutCa(sandbox)), [sandbox.cluster.recipient])

  await sandbox.refuses(['init', '--mesh', 'shop'], {
    as: sandbox.operator,
    exitCode: 3,
    code: 'NO_IDENTITY',
    says: [inPlaceFile, sandbox.cluster.recipient],
  })
})

test('recipients that would leave the person who runs init out', async () => {
  const sandbox = await sandboxIn('fresh')
  const args = [
    'init',
    '--mesh',
    'shop',
    '--from',
    '../certs',
    '--cluster-recipient',
    `prod=${sandbox.cluster.recipient}`,
    '--operator',
    sandbox.custodian.recipient,
  ]

  await sandbox.refuses(args, { as: sandbox.operator, exitCode: 3, code: 'NO_IDENTITY', says: ['none of your identities', '--operator'] })
})

test('a recipient that is none', async () => {
  const sandbox = await sandboxIn('fresh')

  await sandbox.refuses(sandbox.initArguments('--operator', 'age1typo'), {
    as: sandbox.operator,
    exitCode: 2,
    code: 'USAGE',
    says: ['"age1typo" is no age recipient'],
  })
})

test('a second root in the bundle that nobody accounted for', async () => {
  const other = await firstRoot({ name: 'Partner root' })
  const sandbox = await Sandbox.make({ ca: (texts) => ({ 'root-cert.pem': texts['root-cert.pem'] + other.certificate.pem }) })

  await sandbox.refuses(sandbox.initArguments(), {
    as: sandbox.operator,
    exitCode: 3,
    code: 'CA_UNSUPPORTED',
    says: ['roots that are not accounted for', 'CN=Partner root', '--extra-root'],
  })
})

test('a root that has expired', async () => {
  const sandbox = await Sandbox.make({ root: { age: 400, left: -1 } })

  await sandbox.refuses(sandbox.initArguments(), {
    as: sandbox.operator,
    exitCode: 3,
    code: 'CA_UNSUPPORTED',
    says: [/expired|notAfter/i, 'ca-cert.pem', 'root-cert.pem'],
  })
})

test('the key of another certificate', async () => {
  const sandbox = await Sandbox.make({ ca: async (_, root) => ({ 'ca-key.pem': (await clusterCa(root, 'other'))['ca-key.pem'] }) })

  await sandbox.refuses(sandbox.initArguments(), {
    as: sandbox.operator,
    exitCode: 3,
    code: 'CA_UNSUPPORTED',
    says: ['ca-key.pem', /does not belong|not the key|another/i],
  })
})

test('PEM blocks that are glued together without a line break', async () => {
  const sandbox = await Sandbox.make({
    ca: (texts, root) => ({ 'cert-chain.pem': parseCertificate(texts['ca-cert.pem']).pem.trimEnd() + bundleText([root.certificate]) }),
  })

  await sandbox.refuses(sandbox.initArguments(), { as: sandbox.operator, exitCode: 3, code: 'CA_UNSUPPORTED', says: ['cert-chain.pem'] })
})

test('line ends and comments in PEM files are told, and do not stop init', async () => {
  const sandbox = await Sandbox.make({
    ca: (texts) => ({ 'root-cert.pem': `# our root\n${texts['root-cert.pem']}`.replaceAll('\n', '\r\n') }),
  })

  const { stderr } = await sandbox.does(sandbox.initArguments('--dry-run'), { as: sandbox.operator })

  expect(stderr).toMatch(/warning: prod \S+ root-cert\.pem:1: the file has Windows line ends/)
  expect(stderr).toMatch(/warning: prod \S+ root-cert\.pem:1: there is text outside the PEM blocks/)
})

test('a repository that Flux does not sync', async () => {
  const sandbox = await sandboxIn('fresh')
  sandbox.forge.push({ 'clusters/prod/flux-system/gotk-sync.yaml': null, 'clusters/prod/flux-system/kustomization.yaml': null })

  await sandbox.refuses(sandbox.initArguments(), {
    as: sandbox.operator,
    exitCode: 3,
    code: 'REFUSED',
    says: ['no cluster was found', 'gotk-sync.yaml'],
  })
})

test('a directory that a Kustomization would swallow', async () => {
  const sandbox = await sandboxIn('fresh')

  await sandbox.refuses(sandbox.initArguments('--directory', 'clusters/prod/mesh-ca'), {
    as: sandbox.operator,
    exitCode: 3,
    code: 'REFUSED',
    says: ['flux-system/flux-system', 'clusters/prod/flux-system/gotk-sync.yaml'],
  })
})

test('files in the way', async () => {
  const sandbox = await sandboxIn('fresh')
  sandbox.forge.push({ 'clusters/prod/mesh-ca.yaml': 'somebody: else\n' })

  await sandbox.refuses(sandbox.initArguments(), {
    as: sandbox.operator,
    exitCode: 3,
    code: 'REFUSED',
    says: ['files are in the way: clusters/prod/mesh-ca.yaml'],
  })
})

test('a ztunnel that reads only the first root', async () => {
  const sandbox = await sandboxIn('fresh')
  sandbox.forge.push({
    'infrastructure/istio/ztunnel.yaml': sandbox.forge
      .file('infrastructure/istio/istiod.yaml')
      .replace('name: istiod', 'name: ztunnel')
      .replace('chart: istiod', 'chart: ztunnel')
      .replace('version: 1.30.3', 'version: 1.23.0'),
    'infrastructure/istio/kustomization.yaml': sandbox.forge
      .file('infrastructure/istio/kustomization.yaml')
      .replace('  - istiod.yaml\n', '  - istiod.yaml\n  - ztunnel.yaml\n'),
  })

  await sandbox.refuses(sandbox.initArguments(), { as: sandbox.operator, exitCode: 3, code: 'CA_UNSUPPORTED', says: ['mesh/ztunnel'] })
})

test('a branch named mesh-ca, beside which no branch of reroot’s can stand', async () => {
  const sandbox = await sandboxIn('fresh')
  sandbox.forge.push({ 'README.md': 'mine\n' }, 'Mine', 'mesh-ca')

  await sandbox.refuses(sandbox.initArguments(), { as: sandbox.operator, exitCode: 4, code: 'GIT_FAILED', says: [/mesh-ca/, 'hint:'] })
})

test('a foreign commit on the branch of init', async () => {
  const sandbox = await sandboxIn('fresh')
  await sandbox.does(sandbox.initArguments(), { as: sandbox.operator })
  sandbox.forge.push({ 'README.md': 'mine\n' }, 'A correction of mine', 'mesh-ca/init')

  await sandbox.refuses(sandbox.initArguments(), {
    as: sandbox.operator,
    exitCode: 3,
    code: 'FOREIGN_COMMITS',
    says: ['1 commit that reroot did not make', 'A correction of mine'],
  })
})

test('a broken .sops.yaml, with the line', async () => {
  const sandbox = await sandboxIn('fresh')
  sandbox.forge.push({ '.sops.yaml': 'creation_rules:\n  - path_regex: "("\n    age: age1typo\n' })

  await sandbox.refuses(sandbox.initArguments(), {
    as: sandbox.operator,
    exitCode: 3,
    code: 'SEAL_REFUSED',
    says: ['.sops.yaml:', 'sops/regex', 'sops/recipient'],
  })
})

test('broken YAML in the repository is reported, and does not stop init', async () => {
  const sandbox = await sandboxIn('fresh')
  sandbox.forge.push({ 'apps/ledger/broken.yaml': 'kind: [\n' })

  const { stderr } = await sandbox.does(sandbox.initArguments(), { as: sandbox.operator })

  expect(stderr).toMatch(/apps\/ledger\/broken\.yaml:\d/)
  expect(stderr).toContain('`reroot stage` refuses because of them: mend each\n')
})

test('workloads of which nobody can tell whether they are in the mesh are not counted as outside of it', async () => {
  const sandbox = await sandboxIn('fresh')
  sandbox.forge.push({
    'apps/ledger/stray.yaml':
      'apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: stray, namespace: nowhere}\nspec: {template: {spec: {containers: [{name: app}]}}}\n',
  })

  const { stderr } = await sandbox.does(sandbox.initArguments('--dry-run'), { as: sandbox.operator })

  expect(stderr).toMatch(/\d+ outside it; 1 undecided, see the findings\n/)
  expect(stderr).toContain('workloads/namespace-unknown')
})

test('the user’s own files stay as they are: a dirty checkout, on another commit', async () => {
  const sandbox = await sandboxIn('fresh')
  writeFileSync(join(sandbox.clone, 'README.md'), 'half a thought\n')
  writeFileSync(join(sandbox.clone, 'notes.txt'), 'mine\n')
  sandbox.git('add', 'notes.txt')
  sandbox.git('checkout', '--quiet', '--detach')
  const before = sandbox.everything()

  await sandbox.does(sandbox.initArguments(), { as: sandbox.operator })

  expect({ ...sandbox.everything(), remote: before['remote'] }).toEqual(before)
  expect(sandbox.forge.branches()).toEqual(['main', 'mesh-ca/init'])
  expect(readFileSync(join(sandbox.clone, 'README.md'), 'utf8')).toBe('half a thought\n')
})
