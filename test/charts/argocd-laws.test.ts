import fc from 'fast-check'
import { expect, test } from 'vitest'
import { parse } from 'yaml'
import { renderCluster } from '../../charts/index.ts'
import type { ClusterProps } from '../../charts/index.ts'
import type { RestartList } from '../../src/rotation/index.ts'
import { runsOf } from '../support/cases.ts'
import { argocd, clusterProps } from './cluster-props.ts'
import { itemsOf, objectsOf, textIn } from './objects.ts'
import type { Rendered } from './objects.ts'
import { restartList } from './restart-lists.ts'

const runs = runsOf('render')
const managed = fc.constantFrom<ClusterProps['cacerts']>(
  { file: 'mesh-ca/clusters/prod/cacerts/cacerts.sops.yaml', managed: 'own' },
  { file: 'infra/istio/cacerts.sops.yaml', managed: 'in-place' },
)

const filesOf = (step: RestartList, cacerts: ClusterProps['cacerts']): ReadonlyMap<string, string> =>
  renderCluster(clusterProps({ controller: argocd, step, cacerts }))
const applied = (files: ReadonlyMap<string, string>): readonly Rendered[] =>
  objectsOf(files).filter(({ apiVersion }) => apiVersion !== 'viaduct.ai/v1')
const waveOf = ({ metadata }: Rendered): string => metadata.annotations?.['argocd.argoproj.io/sync-wave'] ?? 'none'
const folderOf = ({ file }: Rendered): string =>
  file
    .split('/')
    .slice(3)
    .join('/')
    .replace(/\/[^/]+$/, '')

test('rendering twice gives the same bytes', () => {
  fc.assert(
    fc.property(restartList, managed, (step, cacerts) => {
      expect([...filesOf(structuredClone(step), cacerts)]).toEqual([...filesOf(step, cacerts)])
    }),
    runs,
  )
})

test('every object has a whole number as its sync wave, and none a word of Flux’s', () => {
  fc.assert(
    fc.property(restartList, managed, (step, cacerts) => {
      for (const object of applied(filesOf(step, cacerts))) {
        expect(waveOf(object), `${object.file} ${object.metadata.name}`).toMatch(/^(0|[1-9]\d*)$/)
        expect(JSON.stringify(object)).not.toContain('fluxcd.io')
      }
    }),
    runs,
  )
})

test('no object that Flux applies has a sync wave, or a word of Argo CD’s', () => {
  fc.assert(
    fc.property(restartList, managed, (step, cacerts) => {
      for (const object of objectsOf(renderCluster(clusterProps({ step, cacerts })))) {
        expect(waveOf(object)).toBe('none')
        expect(JSON.stringify(object)).not.toContain('argoproj.io')
      }
    }),
    runs,
  )
})

test('sync waves rise strictly: the entry gate, the Secret’s state, each wave’s restarts, its gate, and at last what waits for that', () => {
  fc.assert(
    fc.property(restartList, managed, (step, cacerts) => {
      const files = filesOf(step, cacerts)
      const places = new Map<string, Set<number>>()
      for (const object of applied(files)) {
        const [folder, file] = [folderOf(object), object.file.split('/').at(-1)]
        const place = folder.startsWith('waves/') ? `${folder} ${file === 'gate.yaml' ? 'b' : 'a'}` : `${folder}${file ?? ''}`
        places.set(place, (places.get(place) ?? new Set()).add(Number(waveOf(object))))
      }
      const rank = (place: string): string =>
        place.startsWith('complete') ? 'z' : place.startsWith('cacerts') ? 'waves/00-entry-gate z' : place
      const inOrder = [...places].toSorted(([one], [other]) => (rank(one) < rank(other) ? -1 : 1)).map(([, waves]) => [...waves])

      expect(inOrder.map((waves) => waves.length)).toEqual(inOrder.map(() => 1))
      const numbers = inOrder.flat()
      expect(numbers).toEqual([...new Set(numbers)].toSorted((one, other) => one - other))
    }),
    runs,
  )
})

test('nothing that waits stands in the last sync wave: Argo CD does not wait for what is in there', () => {
  fc.assert(
    fc.property(restartList, managed, (step, cacerts) => {
      const objects = applied(filesOf(step, cacerts))
      const last = Math.max(...objects.map((object) => Number(waveOf(object))))
      const waves = objects.filter(({ file }) => /\/waves\/(?!00)/.test(file))

      if (waves.length > 0) expect(objects.filter((object) => Number(waveOf(object)) === last && object.kind !== 'ConfigMap')).toEqual([])
    }),
    runs,
  )
})

test('what a Job mounts and whom it runs as comes in its own sync wave, not in a later one', () => {
  fc.assert(
    fc.property(restartList, managed, (step, cacerts) => {
      const objects = applied(filesOf(step, cacerts))
      for (const job of objects.filter(({ kind }) => kind === 'Job')) {
        const needed = [job.spec?.template?.spec.serviceAccountName, ...itemsOf(job).map(({ configMap }) => configMap)]
        for (const name of needed) {
          const found = objects.filter(({ kind, metadata }) => kind !== 'Job' && metadata.name === name)
          expect(found.map(waveOf)).toEqual(found.map(() => waveOf(job)))
          expect(found).not.toEqual([])
        }
      }
    }),
    runs,
  )
})

test('the kustomizations list every file once, and no folder that holds nothing', () => {
  fc.assert(
    fc.property(restartList, managed, (step, cacerts) => {
      const files = filesOf(step, cacerts)
      const listed = [...files].flatMap(([path, text]): string[] => {
        if (!path.endsWith('/kustomization.yaml')) return []
        const { resources, generators = [] } = parse(text) as { readonly resources: string[]; readonly generators?: string[] }
        const folder = path.slice(0, -'kustomization.yaml'.length)
        expect(resources.length + generators.length).toBeGreaterThan(path === 'mesh-ca/clusters/prod/kustomization.yaml' ? -1 : 0)
        return [...resources, ...generators].map((entry) => folder + entry)
      })
      const there = [...files.keys()]
        .map((path) => path.replace(/\/kustomization\.yaml$/, ''))
        .filter((path) => path !== 'mesh-ca/clusters/prod')

      expect(listed.toSorted()).toEqual(there.toSorted())
    }),
    runs,
  )
})

test('every Job restarts and awaits what it does under Flux, and only here has a deadline', () => {
  /** What Jobs do, where they do it and what they read, without their names. */
  const work = (objects: readonly Rendered[]): readonly string[] =>
    objects
      .filter(({ kind }) => kind === 'Job')
      .map((job) => {
        const pod = job.spec?.template?.spec
        const calls = [...(pod?.initContainers ?? []), ...(pod?.containers ?? [])].map(({ command }) => command.join(' '))
        const texts = itemsOf(job).map(({ path }) => `${path}: ${textIn(objects, job, path)}`)
        return [job.file.split('/').at(-1), ...calls, ...texts].join('\n').replaceAll(job.metadata.name, 'self')
      })
      .toSorted()
  fc.assert(
    fc.property(restartList, managed, (step, cacerts) => {
      const [here, there] = [applied(filesOf(step, cacerts)), objectsOf(renderCluster(clusterProps({ step, cacerts })))]

      expect(work(here)).toEqual(work(there))
      for (const [objects, deadline] of [
        [here, 3600],
        [there, undefined],
      ] as const)
        for (const { kind, spec } of objects) if (kind === 'Job') expect(spec?.activeDeadlineSeconds).toBe(deadline)
    }),
    runs,
  )
})

test('a workload that is merged bears nothing but the restart, and is neither pruned nor deleted', () => {
  fc.assert(
    fc.property(restartList, fc.boolean(), (step, byFlux) => {
      const props = byFlux ? { step } : { step, controller: argocd }
      const merged = objectsOf(renderCluster(clusterProps(props))).filter(({ file }) => file.endsWith('/merge.yaml'))
      for (const { metadata, spec } of merged) {
        expect(Object.keys(metadata).toSorted()).toEqual(['annotations', 'name', 'namespace'])
        expect(Object.keys(metadata.annotations ?? {}).filter((key) => key.includes('reroot'))).toEqual([])
        expect(spec?.template?.metadata.annotations).toEqual({ 'reroot.dev/rotation': step.id })
        expect(Object.keys(spec ?? {})).toEqual(byFlux ? ['selector', 'template'] : ['template'])
        if (byFlux) expect(metadata.annotations).toMatchObject({ 'kustomize.toolkit.fluxcd.io/prune': 'disabled' })
        else expect(metadata.annotations?.['argocd.argoproj.io/sync-options']).toMatch(/(^|,)Prune=false,Delete=false($|,)/)
      }
    }),
    runs,
  )
})
