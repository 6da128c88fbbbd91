import { existsSync, readdirSync } from 'node:fs'
import { join, relative } from 'node:path'
import { expect, test } from 'vitest'
import { renderCluster, renderComponent, renderRegister, renderState } from '../../charts/index.ts'
import { argocd, argocdScenarios, clusterProps, scenarios } from './cluster-props.ts'

const golden = join(import.meta.dirname, '../golden/charts')

test.each(Object.entries({ ...scenarios, ...argocdScenarios }))('%s: every file as it was reviewed, and no other', async (name, props) => {
  const files = renderCluster(props)

  for (const [path, text] of files) await expect(text).toMatchFileSnapshot(join(golden, name, path))
  const reviewed = existsSync(join(golden, name)) ? readdirSync(join(golden, name), { recursive: true, withFileTypes: true }) : []
  const paths = reviewed.filter((entry) => entry.isFile()).map((entry) => relative(join(golden, name), join(entry.parentPath, entry.name)))
  expect(paths.filter((path) => !files.has(path))).toEqual([])
})

test('the one reference by which Flux picks it up', async () => {
  await expect(renderRegister(clusterProps())).toMatchFileSnapshot(join(golden, 'register.yaml'))
})

test('the one reference by which Argo CD picks it up', async () => {
  await expect(renderRegister(clusterProps({ controller: argocd }))).toMatchFileSnapshot(join(golden, 'application.yaml'))
})

test('the state beside a Secret in place', async () => {
  await expect(renderState(clusterProps(), null)).toMatchFileSnapshot(join(golden, 'state.yaml'))
  await expect(renderState(clusterProps({ controller: argocd }), -3)).toMatchFileSnapshot(join(golden, 'argocd-state.yaml'))
})

test('restarts in an overlay', async () => {
  const component = renderComponent([
    { kind: 'Deployment', name: 'cart', namespace: null, id: 'g2-staged' },
    { kind: 'StatefulSet', name: 'base-orders', namespace: 'shop', id: 'g2-staged.2' },
  ])

  await expect(component).toMatchFileSnapshot(join(golden, 'component.yaml'))
})
