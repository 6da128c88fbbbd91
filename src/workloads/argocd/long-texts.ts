/** No object is as long: what keeps Kubernetes' objects takes 1.5 MB at most. Templates can be filled in with their own length many times. */
export const longestText = 5 * 1024 * 1024
export const tooLong = 'it gets longer than any object may be'
