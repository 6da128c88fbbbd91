import { z } from 'zod'

/** Kinds of values of `reroot.yaml`. The title is what docs/configuration.md calls such a value. */
export const label = z
  .string()
  .regex(/^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$/, 'must be a DNS-1123 label')
  .meta({ title: 'a label' })

export const path = z
  .string()
  .min(1)
  .refine(
    (text) =>
      !text.split('/').some((part) => part === '..' || part === '.' || part === '' || part.toLowerCase() === '.git') &&
      !/\p{Cc}/u.test(text),
    'must be a path inside the repository, without . or ..',
  )
  .meta({ title: 'a path' })

// What git allows in the name of a branch (git check-ref-format), and nothing that a command line takes for an option.
const isRefPart = (text: string): boolean => /^[^\s~^:?*[\\\p{Cc}]+$/u.test(text) && !/^[-.]|\.\.|@\{|\.lock$|\.$/.test(text)

export const branch = z
  .string()
  .refine((text) => text.split('/').every(isRefPart), 'must be the name of a branch')
  .meta({ title: 'name of a branch' })

export const branchPrefix = z
  .string()
  .regex(/^[A-Za-z0-9._-]+[/-]$/, 'must end in / or -')
  .refine((text) => isRefPart(text.slice(0, -1)), 'must be the beginning of the name of a branch')
  .meta({ title: 'text that ends in `/` or `-`' })

export const text = z.string().min(1).meta({ title: 'text' })

// A reference as the kubelet takes it (distribution/reference, regexp.go): a host with a port or not, a path, a tag, a digest. It finds anything
// else only when a Job is to start.
const imageHost = '([A-Za-z0-9]([A-Za-z0-9.-]*[A-Za-z0-9])?|\\[[0-9a-fA-F:]+\\])(:[0-9]+)?'
const imagePart = '[a-z0-9]+((\\.|_|__|-+)[a-z0-9]+)*'
export const image = z
  .string()
  .regex(
    new RegExp(
      `^(${imageHost}/)?${imagePart}(/${imagePart})*(:[A-Za-z0-9_][A-Za-z0-9_.-]{0,127})?(@[A-Za-z][A-Za-z0-9+._-]*:[0-9a-fA-F]{32,})?$`,
    ),
    'must be the reference of an image, such as registry.k8s.io/kubectl:v1.34.3: no blank, and nothing behind its tag or digest',
  )
  .meta({ title: 'an image' })

export const labels = z.record(z.string(), z.string()).meta({ title: 'map of text to text' })

// Kubernetes' forms (apimachinery, validation.go): what a node, a taint and a Secret can be called.
const subdomain = '[a-z0-9]([a-z0-9-]*[a-z0-9])?(\\.[a-z0-9]([a-z0-9-]*[a-z0-9])?)*'
const qualified = '[A-Za-z0-9]([A-Za-z0-9_.-]{0,61}[A-Za-z0-9])?'

export const objectName = z
  .string()
  .max(253, 'must be at most 253 characters long')
  .regex(new RegExp(`^${subdomain}$`), 'must be the name of an object: lower-case letters, digits, dashes and dots')
  .meta({ title: 'a name' })

export const labelKey = z
  .string()
  .regex(new RegExp(`^(${subdomain}/)?${qualified}$`), 'must be the key of a label, such as kubernetes.io/os')
  .meta({ title: 'the key of a label' })

export const labelValue = z
  .string()
  .regex(new RegExp(`^(${qualified})?$`), 'must be the value of a label: at most 63 letters, digits, dashes, underscores and dots')
  .meta({ title: 'the value of a label' })

/** Labels that a cluster must take as they are. */
export const labelMap = z
  .record(z.string(), labelValue)
  .superRefine((map, { addIssue }) => {
    for (const key of Object.keys(map)) {
      for (const { message } of labelKey.safeParse(key).error?.issues ?? []) addIssue({ code: 'custom', path: [key], message })
    }
  })
  .meta({ title: 'map of text to text' })

export const drain = z.enum(['restart', 'expire'])
export const deliveries = ['auto', 'job', 'owner', 'merge'] as const

// With ` intermediate CA g100` behind it, a mesh's name must fit into the 64 characters of a common name (RFC 5280, A.1).
export const meshName = label.max(40, 'must be at most 40 characters long').meta({ title: 'a label of at most 40 characters' })

export const istioVersion = z
  .string()
  .regex(/^\d+\.\d+(\.(\d+|x))?([-+].*)?$/, 'must be a version such as 1.30.3')
  .meta({ title: 'e.g. `1.30.3`, `1.30.x`' })

/** A number of whole units. */
export const count = (least: number, most: number): z.ZodInt => z.int().min(least).max(most)

// What is written into reroot.yaml is in Git, and in every Application that reroot writes. SSH's user is no secret.
export const repository = z
  .string()
  .min(1)
  .refine(
    (url) => !/^[a-z][a-z0-9+.-]*:\/\/[^/?#]*@/i.test(url) || /^(.*\+)?ssh:\/\/[^/?#:@]*@[^/?#@]*(\/|$)/i.test(url),
    'must be an address without user and password: Argo CD finds those in a Secret of its own',
  )
  .meta({ title: 'text' })
