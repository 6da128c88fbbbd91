import { expect, test } from 'vitest'
import { opened, sealed, secretOf } from '../support/sealed-secret.ts'
import { sandboxIn } from '../support/states.ts'

const own = 'mesh-ca/clusters/prod'
const live = `${own}/cacerts/cacerts.sops.yaml`

test('stage without an identity that opens the Secret', async () => {
  const sandbox = await sandboxIn('initialised')

  await sandbox.refuses(['stage'], { exitCode: 3, code: 'NO_IDENTITY', says: [live, sandbox.operator.recipient, 'SOPS_AGE_KEY_FILE'] })
  await sandbox.refuses(['stage'], { as: sandbox.custodian, exitCode: 3, code: 'NO_IDENTITY', says: [live] })
})

test('no SOPS rule for what will be sealed', async () => {
  const sandbox = await sandboxIn('initialised')
  const rules = sandbox.forge.file('.sops.yaml')
  sandbox.forge.push({
    '.sops.yaml': `creation_rules:${/\n {2}- path_regex: "\^mesh-ca\/roots[\s\S]*?\n(?= {2}#)/.exec(rules)?.[0] ?? ''}`,
  })

  await sandbox.refuses(['stage'], {
    as: sandbox.operator,
    exitCode: 3,
    code: 'SEAL_REFUSED',
    says: [`no rule of .sops.yaml covers ${own}/prepared/g2-steady.sops.yaml`, 'above any catch-all'],
  })
})

test('a catch-all rule above ours, for other people', async () => {
  const sandbox = await sandboxIn('initialised')
  sandbox.forge.edit('.sops.yaml', [
    ['creation_rules:\n', `creation_rules:\n  - encrypted_regex: ^(data|stringData)$\n    age: ${sandbox.cluster.recipient}\n`],
  ])

  await sandbox.refuses(['stage'], {
    as: sandbox.operator,
    exitCode: 3,
    code: 'SEAL_REFUSED',
    says: ['the rule at .sops.yaml:4 would seal the next states for others', sandbox.operator.recipient, 'above any catch-all'],
  })
})

test('replace goes on where the rule leaves out who can unseal the live Secret, and says so', async () => {
  const sandbox = await sandboxIn('initialised')
  const rules = sandbox.forge.file('.sops.yaml')
  sandbox.forge.push({ '.sops.yaml': rules.replaceAll(sandbox.operator.recipient, sandbox.custodian.recipient) })

  await sandbox.refuses(['stage'], {
    as: sandbox.operator,
    exitCode: 3,
    code: 'SEAL_REFUSED',
    says: ['would seal the next states for others'],
  })
  const { stderr } = await sandbox.does(['replace'])

  expect(stderr).toMatch(/^warning: the rule at \.sops\.yaml:\d+ leaves out age1\w+, who can unseal the live Secret of prod: see that/m)
  expect(stderr).toContain(`leaves out ${sandbox.operator.recipient}, who`)
})

test('a live Secret that somebody swapped for another one, and stage', async () => {
  const sandbox = await sandboxIn('initialised')
  const { data, metadata } = await opened(sandbox.forge.files().get(live) ?? Buffer.alloc(0), live, sandbox.operator)
  const chain = data['cert-chain.pem'] ?? ''
  const other = secretOf({ ...data, 'root-cert.pem': chain }, { metadata })
  sandbox.forge.push({ [live]: await sealed(other, live, [sandbox.operator.recipient]) })

  await sandbox.refuses(['stage'], {
    as: sandbox.operator,
    exitCode: 3,
    code: 'REFUSED',
    says: ['is not the Secret that the record describes', 'root-cert.pem in the Secret differs from the record'],
  })
})

test('a prepared state that somebody sealed anew with another key, or another CA, is found by whoever can open it', async () => {
  const sandbox = await sandboxIn('staged')
  const path = `${own}/prepared/g2-promoted.sops.yaml`
  const was = await opened(sandbox.forge.files().get(path) ?? Buffer.alloc(0), path, sandbox.operator)
  const old = await opened(sandbox.forge.files().get(live) ?? Buffer.alloc(0), live, sandbox.operator)
  const swap = async (key: string): Promise<void> => {
    const other = secretOf({ ...was.data, [key]: old.data[key] ?? '' }, { metadata: was.metadata })
    sandbox.forge.push({ [path]: await sealed(other, path, [sandbox.cluster.recipient, sandbox.operator.recipient]) })
  }

  await swap('ca-key.pem')
  await sandbox.refuses(['promote', '--confirmed', 'looked'], {
    as: sandbox.operator,
    exitCode: 3,
    code: 'REFUSED',
    says: [`${path} holds a key that istiod cannot use: the key does not belong to`, 'somebody replaced it'],
  })
  await swap('ca-cert.pem')
  await sandbox.refuses(['promote', '--confirmed', 'looked'], {
    as: sandbox.operator,
    exitCode: 3,
    code: 'REFUSED',
    says: [`${path} holds another CA than the record says`, 'find out who did'],
  })
  expect((await sandbox.does(['promote', '--confirmed', 'looked', '--dry-run'])).stderr).toContain('no identity at hand')
})

test('a live Secret whose bytes were altered', async () => {
  const sandbox = await sandboxIn('initialised')
  sandbox.forge.edit(live, [['type: Opaque', 'type: Odd']])

  await sandbox.refuses(['stage'], { as: sandbox.operator, exitCode: 3, code: 'SEAL_REFUSED', says: [live] })
})

test('a live Secret of reroot’s own that no longer says what it is', async () => {
  const sandbox = await sandboxIn('initialised')
  const lines = sandbox.forge.file(live).split('\n')
  sandbox.forge.push({ [live]: lines.filter((line) => !line.trim().startsWith('reroot.dev/')).join('\n') })

  await sandbox.refuses(['stage'], {
    as: sandbox.operator,
    exitCode: 3,
    code: 'REFUSED',
    says: ['record/secret', 'reroot.dev/state is not what the record says', 'expected: g1-steady', 'found: nothing'],
  })
})

test('a live Secret that is none any more', async () => {
  const sandbox = await sandboxIn('initialised')
  sandbox.forge.push({ [live]: 'not a secret\n' })

  const { stderr } = await sandbox.refuses(['stage'], {
    as: sandbox.operator,
    exitCode: 3,
    code: 'REFUSED',
    says: ['the file is not sealed', 'expected: a Secret cacerts, sealed with SOPS', 'found: a file without `sops:`'],
  })

  expect(stderr.match(/record\/secret/g)).toHaveLength(1)
})

test('a prepared Secret that is another one: of another state, without a key, of another CA', async () => {
  const sandbox = await sandboxIn('staged')
  const prepared = (state: string): string => `${own}/prepared/${state}.sops.yaml`
  const refusal = { exitCode: 3, code: 'REFUSED' } as const
  const right = sandbox.forge.file(prepared('g2-promoted'))

  sandbox.forge.push({ [prepared('g2-promoted')]: sandbox.forge.file(prepared('g2-staged')) })
  await sandbox.refuses(['promote'], {
    ...refusal,
    says: ['reroot.dev/state is not what the record says', 'expected: g2-promoted', 'found: g2-staged'],
  })
  sandbox.forge.push({ [prepared('g2-promoted')]: right.replace(/^ +root-cert\.pem: .*\n/m, '') })
  await sandbox.refuses(['promote'], { ...refusal, says: ['its keys is not what the record says'] })
  // The clear part pasted on top of another CA's Secret: only who can open it sees that.
  const clear = /^[\s\S]*?(?=^data:)/m
  sandbox.forge.push({ [prepared('g2-promoted')]: sandbox.forge.file(prepared('g2-staged')).replace(clear, clear.exec(right)?.[0] ?? '') })
  await sandbox.refuses(['promote'], { as: sandbox.operator, exitCode: 3, code: 'SEAL_REFUSED', says: [prepared('g2-promoted')] })
})

test('a prepared state that somebody changed on the branch, in reroot’s name, is found by whoever can open it', async () => {
  const sandbox = await sandboxIn('initialised')
  await sandbox.does(['stage'], { as: sandbox.operator })
  const branch = 'mesh-ca/g2-staged'
  const path = `${own}/prepared/g2-staged.sops.yaml`
  const read = (file: string) => opened(sandbox.forge.files(branch).get(file) ?? Buffer.alloc(0), file, sandbox.operator)
  const [was, next] = [await read(path), await read(`${own}/prepared/g2-promoted.sops.yaml`)]
  const other = secretOf({ ...was.data, 'ca-key.pem': next.data['ca-key.pem'] ?? '' }, { metadata: was.metadata })
  const bytes = await sealed(other, path, [sandbox.cluster.recipient, sandbox.operator.recipient])
  sandbox.forge.push({ [path]: bytes }, 'stage g2 in prod\n\nReroot-Id: g2-staged\nReroot-Directory: mesh-ca', branch)

  await sandbox.refuses(['stage'], {
    as: sandbox.operator,
    exitCode: 3,
    code: 'REFUSED',
    says: [`${path} holds a key that istiod cannot use`, 'somebody replaced it'],
  })
  expect((await sandbox.does(['stage', '--dry-run'])).stderr).toContain(`note: ${path} was not opened: no identity at hand`)
})

test('a branch whose sealed files are for people that the rules no longer name', async () => {
  const sandbox = await sandboxIn('initialised')
  await sandbox.does(['stage'], { as: sandbox.operator })
  const rules = sandbox.forge.file('.sops.yaml')
  sandbox.forge.push({ '.sops.yaml': rules.replaceAll(sandbox.custodian.recipient, sandbox.operator.recipient) })

  await sandbox.refuses(['stage'], {
    as: sandbox.operator,
    exitCode: 3,
    code: 'SEAL_REFUSED',
    says: ['mesh-ca/roots/g2.sops.yaml on mesh-ca/g2-staged', '--reissue'],
  })
  await sandbox.does(['stage', '--reissue'], { as: sandbox.operator })
})

test('a prepared Secret that is gone', async () => {
  const sandbox = await sandboxIn('staged')
  sandbox.forge.push({ [`${own}/prepared/g2-promoted.sops.yaml`]: null })

  await sandbox.refuses(['promote'], {
    exitCode: 3,
    code: 'REFUSED',
    says: [`${own}/prepared/g2-promoted.sops.yaml is missing`, 'git log'],
  })
})
