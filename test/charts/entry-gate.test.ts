import { describe, expect, test } from 'vitest'
import { renderCluster } from '../../charts/index.ts'
import type { EntryGate } from '../../src/rotation/index.ts'
import { clusterProps, entryWave, promote, scenarios } from './cluster-props.ts'
import { callsOf, itemsOf, jobIn, objectsOf, stubsIn, textIn } from './objects.ts'
import type { Rendered } from './objects.ts'

const objects = objectsOf(renderCluster(clusterProps()))

describe('the entry gate', () => {
  const job = jobIn(objects, '00-entry-gate/gate.yaml')
  const self = `Job/istio-system/${job.metadata.name}`
  const at = (folder: string): string => `--filename=/gate/$(STATE)/${folder}`
  const patch = '--type=merge --field-manager=reroot --patch-file=/gate/$(STATE)/restart.json'
  const carries = String.raw`--for=jsonpath={.spec.template.metadata.annotations.reroot\.dev/rotation}=g2-staged --timeout=4m`

  test('finishes the step before wave by wave, in the folder of the state that the cluster says it is in', () => {
    const roots = `kubectl get ${at('roots.yaml')} --output=go-template-file=/gate/roots.tmpl`
    expect(callsOf(job)).toEqual([
      `kubectl patch ${at('01-control-plane/restart.yaml')} ${patch}`,
      `kubectl wait ${at('01-control-plane/restarted.yaml')} ${carries}`,
      `kubectl rollout status ${at('01-control-plane/rolled-out.yaml')} --timeout=4m`,
      roots,
      `kubectl patch ${at('02-default/restart.yaml')} ${patch}`,
      `kubectl wait ${at('02-default/restarted.yaml')} ${carries}`,
      `kubectl rollout status ${at('02-default/rolled-out.yaml')} --timeout=4m`,
      'sh /gate/$(STATE)/restart.sh',
      `kubectl wait ${at('03-payments/restarted.yaml')} ${carries}`,
      `kubectl rollout status ${at('03-payments/rolled-out.yaml')} --timeout=4m`,
      roots,
    ])
  })

  test('before the step restarts what is for Jobs, and waits for all', () => {
    expect(textIn(objects, job, 'g2-staged/restart.json')).toBe(
      '{"spec":{"template":{"metadata":{"annotations":{"reroot.dev/rotation":"g2-staged"}}}}}\n',
    )
    expect(stubsIn(objects, job, 'g2-staged/01-control-plane/restart.yaml')).toEqual(['Deployment/istio-system/istiod'])
    expect(stubsIn(objects, job, 'g2-staged/02-default/restart.yaml')).toEqual(['Deployment/shop/cart', 'DaemonSet/shop/agent'])
    for (const file of ['restarted', 'rolled-out']) {
      expect(stubsIn(objects, job, `g2-staged/02-default/${file}.yaml`)).toEqual([
        'Deployment/shop/cart',
        'StatefulSet/shop/orders',
        'DaemonSet/shop/agent',
      ])
      expect(stubsIn(objects, job, `g2-staged/03-payments/${file}.yaml`)).toEqual(['StatefulSet/payments/ledger'])
    }
    expect(stubsIn(objects, job, 'g2-staged/roots.yaml')).toHaveLength(3)
    expect(textIn(objects, job, 'g2-staged/restart.sh')).toContain('kubectl patch')
  })

  // A Job that is deleted runs again, when everything carries a newer restart.
  test('in the state after the step has every file, and writes and waits for nothing but itself', () => {
    const state = 'g2-promoted'
    const paths = (of: string): readonly string[] =>
      itemsOf(job).flatMap(({ path }) => (path.startsWith(`${of}/`) ? [path.slice(of.length + 1)] : []))

    expect(paths(state).toSorted()).toEqual(paths('g2-staged').toSorted())
    for (const file of paths(state).filter((path) => /\/(restart|restarted)\.yaml$/.test(path)))
      expect(stubsIn(objects, job, `${state}/${file}`)).toEqual([self])
    for (const file of paths(state).filter((path) => /(rolled-out|roots)\.yaml$/.test(path)))
      expect(stubsIn(objects, job, `${state}/${file}`)).toEqual([])
    expect(textIn(objects, job, `${state}/restart.json`)).toBe('{}\n')
    expect(textIn(objects, job, `${state}/restart.sh`)).not.toContain('kubectl')
    expect(job.spec?.template?.metadata.annotations).toMatchObject({ 'reroot.dev/rotation': 'g2-staged' })
  })

  test('without any state holds: a cluster that nothing was applied to would jump ahead', () => {
    expect(itemsOf(job).filter(({ path }) => path.startsWith('$(STATE)/'))).toEqual([])
  })

  test('may patch what it restarts, and of the rest nothing but itself and what is meshed where Git does not show it', () => {
    const rules = objects
      .filter(({ kind, file }) => kind === 'Role' && file.endsWith('00-entry-gate/gate.yaml'))
      .flatMap(({ metadata, rules }) => (rules ?? []).map((rule) => ({ ...rule, namespace: metadata.namespace })))

    expect(
      rules
        .filter(({ verbs }) => verbs.includes('patch'))
        .map(({ namespace, resources, resourceNames }) => [namespace, resources, resourceNames]),
    ).toEqual([
      ['istio-system', ['deployments'], ['istiod']],
      ['istio-system', ['jobs'], [job.metadata.name]],
      ['shop', ['deployments'], ['cart']],
      ['shop', ['daemonsets'], ['agent']],
      ['legacy', ['deployments', 'statefulsets', 'daemonsets'], undefined],
    ])
  })

  const withEntry = (entry: Partial<EntryGate>): readonly Rendered[] =>
    objectsOf(renderCluster(clusterProps({ step: { ...promote, entry: { state: 'g2-staged', id: 'g2-staged', waves: [], ...entry } } })))

  test('looks at the roots first if no control plane is left to restart', () => {
    const all = withEntry({ waves: [entryWave('default', ['job Deployment/shop/cart'])] })

    expect(callsOf(jobIn(all, '00-entry-gate/gate.yaml')).map((call) => call.split(' ')[1])).toEqual([
      'get',
      'patch',
      'wait',
      'rollout',
      'get',
    ])
  })

  test('takes a wave of many workloads share by share, in one Job', () => {
    const names = Array.from({ length: 2001 }, (_, index) => `Deployment/shop/w${index}`)
    const all = withEntry({
      waves: [
        entryWave(
          'default',
          names.map((name) => `job ${name}`),
          ['legacy'],
        ),
        entryWave('payments', ['job Deployment/payments/ledger']),
      ],
    })
    const gate = jobIn(all, '00-entry-gate/gate.yaml')

    const restarts = itemsOf(gate).filter(({ path }) => /^g2-staged\/.*restart\.yaml$/.test(path))
    expect(restarts.flatMap(({ path }) => stubsIn(all, gate, path))).toEqual([...names, 'Deployment/payments/ledger'])
    expect(
      callsOf(gate)
        .map((call) => /^sh|(?<=STATE\)\/)\d\d-.*\/restart(?=\.yaml)/.exec(call)?.[0])
        .filter((call) => call !== undefined),
    ).toEqual(['01-default/restart', '02-default/restart', '03-default/restart', 'sh', '04-payments/restart'])
  })

  test('keeps the lists of a very large mesh in several ConfigMaps that an API server takes', () => {
    const waves = Array.from({ length: 200 }, (_, wave) =>
      entryWave(
        `default-${wave}`,
        Array.from({ length: 50 }, (_, index) => `job Deployment/production/some-service-with-a-name-${wave}-${index}`),
      ),
    )
    const all = withEntry({ waves })
    const gate = jobIn(all, '00-entry-gate/gate.yaml')
    const maps = all.filter(({ kind, file }) => kind === 'ConfigMap' && file.endsWith('00-entry-gate/gate.yaml'))

    expect(maps.length).toBeGreaterThan(1)
    for (const { data } of maps) expect(JSON.stringify(data).length).toBeLessThan(1024 * 1024)
    expect(
      itemsOf(gate).filter(({ configMap, key }) => maps.find(({ metadata }) => metadata.name === configMap)?.data?.[key] === undefined),
    ).toEqual([])
    expect(itemsOf(gate).filter(({ path }) => path.startsWith('g2-staged/') && path.endsWith('/rolled-out.yaml'))).toHaveLength(200)
  })

  test('of a way back is content with the state, or the one that it leads to', () => {
    const all = withEntry({ id: null, roots: false })
    const gate = jobIn(all, '00-entry-gate/gate.yaml')

    expect(callsOf(gate)).toEqual([`kubectl get ${at('roots.yaml')} --output=go-template-file=/gate/roots.tmpl`])
    expect(['g2-staged', 'g2-promoted'].map((state) => stubsIn(all, gate, `${state}/roots.yaml`))).toEqual([[], []])
    expect(itemsOf(gate).map(({ path }) => path)).not.toContain('g1-steady/roots.yaml')
  })

  test('of a step that leaves the Secret as it is holds nothing', () => {
    const all = objectsOf(renderCluster(clusterProps({ state: 'g2-staged' })))
    const gate = jobIn(all, '00-entry-gate/gate.yaml')

    expect(callsOf(gate)).toHaveLength(1)
    expect(stubsIn(all, gate, 'g2-staged/roots.yaml')).toEqual([])
  })

  test('after init looks at the roots only', () => {
    const entry = { state: 'g1-steady', id: null, waves: [] }
    const all = objectsOf(renderCluster(clusterProps({ state: 'g2-staged', step: { ...promote, entry } })))

    expect(callsOf(jobIn(all, '00-entry-gate/gate.yaml'))).toEqual([
      'kubectl get --filename=/gate/$(STATE)/roots.yaml --output=go-template-file=/gate/roots.tmpl',
    ])
    expect(stubsIn(all, jobIn(all, '00-entry-gate/gate.yaml'), '$(STATE)/roots.yaml')).toHaveLength(3)
  })

  test('of a Secret in place waits for its owner', () => {
    const all = objectsOf(renderCluster(scenarios['promote-in-place'] ?? clusterProps()))
    const gate = jobIn(all, '00-entry-gate/gate.yaml')

    expect(callsOf(gate)).toEqual(['kubectl wait --filename=/gate/state.yaml --for=jsonpath={.data.state}=g2-promoted --timeout=4m'])
    expect(stubsIn(all, gate, 'state.yaml')).toEqual(['ConfigMap/istio-system/mesh-ca-state'])
  })

  test('is empty for a step that nothing may hold', () => {
    expect(objectsOf(renderCluster(scenarios['replace'] ?? clusterProps())).filter(({ file }) => file.includes('00-entry-gate'))).toEqual(
      [],
    )
  })
})
