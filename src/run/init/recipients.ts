import { RerootError } from '../../base/index.ts'
import type { ClusterRecipients } from '../../plan/index.ts'
import { isAgeRecipient, noneFits, openedBy } from '../../seal/index.ts'
import type { Context } from '../context.ts'

/** Who can unseal what, as flags say it; what is missing is asked on the terminal. */
export interface RecipientAnswers {
  /** The age recipients of each cluster's controller. */
  readonly clusters: ReadonlyMap<string, string>
  readonly operators: readonly string[]
  readonly custodians: readonly string[]
}

export interface Recipients {
  readonly clusters: readonly ClusterRecipients[]
  /** Those of its controller alone, of each cluster for which they were needed. */
  readonly controllers: ReadonlyMap<string, readonly string[]>
  readonly custodians: readonly string[]
}

/**
 * Completes the recipients, and makes sure that the person who runs this can open what they seal: `stage` needs that.
 * @param needed clusters whose recipients are not known from a sealed file.
 * @param known recipients of sealed files that are there already.
 * @throws RerootError USAGE for what is no age recipient; NO_IDENTITY if no identity at hand opens the Secrets.
 */
export async function completeRecipients(
  context: Pick<Context, 'terminal' | 'identities'>,
  needed: readonly string[],
  known: readonly ClusterRecipients[],
  answers: RecipientAnswers,
): Promise<Recipients> {
  const unknown = [...answers.clusters.keys()].filter((name) => !needed.includes(name) && !known.some((cluster) => cluster.name === name))
  if (unknown.length > 0)
    throw new RerootError('USAGE', `--cluster-recipient names ${unknown.join(', ')}, which is no cluster of this mesh`, {
      hint: `the clusters are: ${[...needed, ...known.map((cluster) => cluster.name)].join(', ')}`,
    })
  const clusters: ClusterRecipients[] = [...known]
  const controllers = new Map<string, readonly string[]>()
  const operators =
    needed.length === 0 || answers.operators.length > 0
      ? answers.operators
      : await askList(context, 'age recipient of an operator (yours; several: separate with commas)', '--operator')
  for (const name of needed) {
    const own =
      answers.clusters.get(name)?.split(',') ??
      (await askList(
        context,
        `age recipient of the cluster ${name} (its Flux or Argo CD unseals with it)`,
        `--cluster-recipient ${name}=age1…`,
      ))
    controllers.set(name, own)
    clusters.push({ name, recipients: [...new Set([...own, ...operators])] })
  }
  const custodians = answers.custodians.length > 0 ? answers.custodians : await custodiansOf(context, operators)
  for (const recipient of [...clusters.flatMap((cluster) => cluster.recipients), ...custodians]) {
    if (!isAgeRecipient(recipient) && !recipient.includes(':'))
      throw new RerootError('USAGE', `${shown(recipient)} is no age recipient`, {
        hint: 'give what `age-keygen -y` prints: age1…',
      })
  }
  const ownOf = [...answers.clusters.values()].flatMap((text) => text.split(','))
  const both = custodians.filter((recipient) => ownOf.includes(recipient))
  if (both.length > 0) {
    throw new RerootError('USAGE', `${both.join(', ')} is a cluster's recipient: a cluster must never be able to open a root's key`, {
      hint: 'give --custodian (or --operator) the recipient of a person',
    })
  }
  await refuseClosed(context, clusters)
  return { clusters, controllers, custodians }
}

/** What was given, unless it is a secret that was given by mistake. */
function shown(recipient: string): string {
  return /AGE-SECRET-KEY|PRIVATE KEY/i.test(recipient)
    ? 'an identity was given, not shown here (take it for leaked: it is in your shell’s history); it'
    : JSON.stringify(recipient)
}

/** The cluster must never be able to open a root's key, so recipients of its Secret are no answer. */
async function custodiansOf(context: Pick<Context, 'terminal'>, operators: readonly string[]): Promise<readonly string[]> {
  return operators.length > 0
    ? operators
    : askList(context, 'age recipient of a custodian, who keeps the keys of new roots', '--custodian (or --operator)')
}

async function askList(context: Pick<Context, 'terminal'>, question: string, flag: string): Promise<readonly string[]> {
  if (!context.terminal.interactive) throw new RerootError('USAGE', `init must know the ${question}`, { hint: `give it with ${flag}` })
  return (await context.terminal.ask(`${question}: `))
    .split(',')
    .map((text) => text.trim())
    .filter((text) => text !== '')
}

async function refuseClosed(context: Pick<Context, 'identities'>, clusters: readonly ClusterRecipients[]): Promise<void> {
  const identities = await context.identities.load()
  for (const cluster of clusters) {
    // Recipients that are not age's are opened by the sops program, with keys that cannot be looked at from here.
    if (cluster.recipients.some((recipient) => !isAgeRecipient(recipient))) continue
    if ((await openedBy(cluster.recipients, identities)).length > 0) continue
    throw new RerootError('NO_IDENTITY', `none of your identities opens what would be sealed for ${cluster.name}`, {
      hint: `${noneFits(identities, context.identities.places())}\nat least one operator must be able to unseal: add your own recipient with --operator, and set SOPS_AGE_KEY_FILE to your identity`,
    })
  }
}
