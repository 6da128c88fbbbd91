import { isCollection, isNode, isPair } from 'yaml'
import type { Node } from 'yaml'

/** Shows every node in the order of the text, keys before their values. Unlike the package's `visit` it copies no path for each of them. */
export function eachNode(node: unknown, see: (node: Node) => void): void {
  if (isPair(node)) {
    eachNode(node.key, see)
    eachNode(node.value, see)
  } else if (isNode(node)) {
    see(node)
    if (isCollection(node)) for (const item of node.items) eachNode(item, see)
  }
}
