/**
 * As Promise.all, but waits for the end of all of them: nothing goes on behind a failure, and which failure is told does not depend on time.
 * @throws the first rejection in the order of the list.
 */
export async function allDone<const Promises extends readonly unknown[]>(
  promises: Promises,
): Promise<{ -readonly [Index in keyof Promises]: Awaited<Promises[Index]> }> {
  const results = await Promise.allSettled(promises)
  return results.map((result) => {
    if (result.status === 'rejected') throw result.reason
    return result.value
  }) as { -readonly [Index in keyof Promises]: Awaited<Promises[Index]> }
}
