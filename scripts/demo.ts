import { rotateArgocd } from './demo/argocd.ts'
import { rotateFlux } from './demo/flux.ts'
import { heading, tell } from './demo/tell.ts'
import type { DemoWorld } from './demo/world.ts'

/*
 * The whole rotation, for real, once for each controller: a GitOps repository, a bare remote, age identities, and a CA laid out as Istio's
 * tools/certs does. The built program runs as a user would run it; pull requests are merged by `git merge`. Everything stays in the folders
 * that are printed at the end.
 */
const worlds = [await rotateFlux(), await rotateArgocd()]

heading('Where to look')
for (const world of worlds) await tellWhere(world)

async function tellWhere({ clone, operator, git }: DemoWorld): Promise<void> {
  tell(await git('log', '--first-parent', '--oneline', '--no-decorate', 'main'))
  tell(
    `the repository    ${clone}\nwhat stage wrote  git -C ${clone} show --stat origin/mesh-ca/g2-staged\nthe sealed Secret ls ${clone}/mesh-ca/clusters/*/cacerts\nwho can open it   SOPS_AGE_KEY_FILE=${operator.file} sops decrypt FILE\n`,
  )
}
