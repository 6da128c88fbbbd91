import { RerootError } from '../base/index.ts'
import { algorithmProblem } from './algorithm.ts'
import { constraintProblems } from './name-constraints.ts'
import { describeName } from './name.ts'
import type { Template } from './template.ts'

declare const linted: unique symbol
/** A template that passed every pre-issuance rule. Only `lint` makes one. */
export type LintedTemplate<T extends Template = Template> = T & { readonly [linted]: true }

interface Rule {
  /** Each says what is wrong, and what to do about it. */
  problems(template: Template): readonly { readonly message: string; readonly hint: string }[]
}

/**
 * Applies every pre-issuance rule.
 * @throws RerootError CA_UNSUPPORTED with all problems at once: each comes from the configuration (a long mesh name) or from a CA that was
 * taken over (one that may not issue). TypeError for a date that is none, which is a bug of the caller.
 */
export function lint<T extends Template>(template: T): LintedTemplate<T> {
  const dates = [template.notBefore, template.notAfter]
  if (dates.some((date) => Number.isNaN(date.getTime()))) throw new TypeError('a certificate template holds an invalid date')
  const problems = rules.flatMap((rule) => rule.problems(template))
  if (problems.length > 0) {
    const name = template.kind === 'leaf' ? template.uri : describeName(template.subject)
    throw new RerootError(
      'CA_UNSUPPORTED',
      `${template.kind} certificate ${name} cannot be issued: ${problems.map(({ message }) => message).join('; ')}`,
      {
        hint: [...new Set(problems.map(({ hint }) => hint))].join('\n'),
      },
    )
  }
  return template as LintedTemplate<T>
}

// ub-organization-name, ub-common-name, ub-locality-name (RFC 5280, appendix A.1): OpenSSL refuses longer ones when it writes requests.
const longestValue: Readonly<Record<string, number>> = { O: 64, CN: 64, L: 128 }

const subjectValues: Rule = {
  problems: ({ subject }) =>
    subject.flatMap(({ type, value }) => {
      const longest = longestValue[type] ?? 64
      const hint = 'choose shorter names of plain text for the mesh and its clusters in reroot.yaml'
      if ([...value].length > longest) return [{ message: `${type} has ${[...value].length} characters, ${longest} are allowed`, hint }]
      if (value.trim() === '' || value.trim() !== value) return [{ message: `${type} is blank or has blanks around it`, hint }]
      return /[\u0000-\u001f\u007f\ufffd]/.test(value) || Buffer.from(value, 'utf8').toString('utf8') !== value
        ? [{ message: `${type} holds characters that cannot be printed`, hint }]
        : []
    }),
}

const validPeriod: Rule = {
  problems({ notBefore, notAfter }) {
    const hint = 'give the certificate more days in reroot.yaml; if its issuer ends too early, rotate the root first'
    if (notAfter <= notBefore)
      return [{ message: `it would end (${notAfter.toISOString()}) before it begins (${notBefore.toISOString()})`, hint }]
    // 9999-12-31 stands for "no end" (RFC 5280, 4.1.2.5); UTCTime begins in 1950.
    return notAfter.getUTCFullYear() >= 9999 || notBefore.getUTCFullYear() < 1950
      ? [{ message: 'its years cannot be written in a certificate', hint }]
      : []
  },
}

const insideIssuersPeriod: Rule = {
  problems(template) {
    if (template.kind === 'root') return []
    const { issuer, notBefore, notAfter } = template
    if (notBefore >= issuer.notBefore && notAfter <= issuer.notAfter) return []
    return [
      {
        message: `its period is not inside that of its issuer ${issuer.subject}`,
        hint: 'end the certificate with its issuer, or rotate the root first',
      },
    ]
  },
}

const issuerMayIssue: Rule = {
  problems(template) {
    if (template.kind === 'root') return []
    const { issuer } = template
    const messages: string[] = []
    if (!issuer.isCa) messages.push(`its issuer ${issuer.subject} is no CA (basicConstraints)`)
    if (issuer.keyUsage !== null && !issuer.keyUsage.includes('keyCertSign'))
      messages.push(`its issuer ${issuer.subject} may not sign certificates (keyUsage)`)
    if (template.kind === 'intermediate' && issuer.pathLength === 0)
      messages.push(`its issuer ${issuer.subject} allows no CA below itself (pathlen:0)`)
    const key = algorithmProblem(issuer.algorithm)
    if (key !== null) messages.push(`its issuer ${issuer.subject}: ${key}`)
    if (issuer.extensions.unhandledCritical.length > 0)
      messages.push(
        `its issuer ${issuer.subject} has critical extensions that istiod refuses: ${issuer.extensions.unhandledCritical.join(', ')}`,
      )
    return messages.map((message) => ({
      message,
      hint: 'this CA cannot carry a mesh: rotate to a root that reroot makes ("stage" or "replace")',
    }))
  },
}

const ownSubject: Rule = {
  problems(template) {
    if (template.kind !== 'intermediate' || describeName(template.subject) !== template.issuer.subject) return []
    return [{ message: 'it has the name of its issuer', hint: 'choose another mesh name or generation' }]
  },
}

const dnsName = /^(?=.{1,253}$)[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?(\.[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?)*$/

const alternativeNames: Rule = {
  problems(template) {
    if (template.kind === 'root') return []
    const hint = 'give DNS names in lower case, each once; a CA with name constraints must permit them'
    const { issuer } = template
    const names = template.kind === 'leaf' ? { dns: [], uris: [template.uri] } : { dns: template.dnsNames, uris: [] }
    const messages = constraintProblems(names, issuer)
    if (template.kind === 'leaf' && !/^spiffe:\/\/[^/\s]+\/\S+$/.test(template.uri)) messages.push('it has no SPIFFE URI')
    if (template.kind === 'intermediate') {
      if (template.dnsNames.length === 0) messages.push('it has no DNS name')
      if (new Set(template.dnsNames).size < template.dnsNames.length) messages.push('a DNS name is given twice')
      for (const name of template.dnsNames) if (!dnsName.test(name)) messages.push(`${JSON.stringify(name)} is not a DNS name`)
    }
    return messages.map((message) => ({ message, hint }))
  },
}

const rules: readonly Rule[] = [subjectValues, validPeriod, insideIssuersPeriod, issuerMayIssue, ownSubject, alternativeNames]
