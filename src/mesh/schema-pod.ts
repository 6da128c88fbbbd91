import { z } from 'zod'
import { count, labelKey, labelMap, labelValue, objectName } from './schema-values.ts'

const toleration = z
  .strictObject({
    key: labelKey.exactOptional().describe('The key of the taint. Left out: any, with operator `Exists`.'),
    operator: z.enum(['Equal', 'Exists']).default('Equal').describe('`Exists`: whatever the value of the taint is.'),
    value: labelValue.exactOptional().describe('The value of the taint. Not with `Exists`.'),
    effect: z
      .enum(['NoSchedule', 'PreferNoSchedule', 'NoExecute'])
      .exactOptional()
      .describe('The effect of the taint. Left out: all of them.'),
  })
  .refine(({ key, operator }) => key !== undefined || operator === 'Exists', 'must have a key, or operator: Exists')
  .refine(({ value, operator }) => value === undefined || operator === 'Equal', 'must have no value beside operator: Exists')

/**
 * What people may change of the Jobs' pods. Everything is checked here as the API server does: in `replace` a Job that is refused would be
 * found out after the Secret has changed.
 */
export const pod = z.strictObject({
  imagePullSecrets: z
    .array(objectName)
    .default([])
    .describe('Names of Secrets in `istio.namespace` with which the images are pulled, e.g. from a private mirror. People create them.'),
  nodeSelector: labelMap
    .default({})
    .describe('Labels of the nodes that the pods may run on. `kubernetes.io/os: linux` where some of your nodes run Windows.'),
  tolerations: z
    .array(toleration)
    .default([])
    .describe('Taints that the pods bear. Needed where every node has one: the pods stay pending otherwise.'),
  runAsUser: count(1, 2_147_483_647)
    .nullable()
    .default(65_532)
    .describe(
      "The user, and the group, that the containers run as. `null`: neither is said. For OpenShift, whose `restricted-v2` refuses a user outside of the namespace's range, and sets one itself; anywhere else the image must then name a user that is not root.",
    )
    .meta({ title: '1 to 2147483647, or `null`' }),
})
