import { afterEach } from 'vitest'
import { closeSandboxes } from './sandbox.ts'

// Run before each test file: modules are shared between files, hooks are not.
afterEach(closeSandboxes)
