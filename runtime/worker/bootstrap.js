/**
 * The first module on a thread. It is JavaScript, since on Node 20 `--import tsx` does not reach worker threads: where
 * anything to come is TypeScript, it registers tsx before it is imported.
 */
import { workerData } from 'node:worker_threads'

const { entry, module, imports = [] } = workerData
if ([entry, module, ...imports].some((url) => /\.[mc]?tsx?$/.test(new URL(url).pathname)))
  await registerTypeScript()
await import(entry)

async function registerTypeScript() {
  try {
    const { register } = await import('tsx/esm/api')
    register()
  } catch (cause) {
    // Node knows TypeScript by itself since 22.18 and 23.6.
    if (process.features.typescript) return
    throw new Error('a thread that runs TypeScript needs tsx (npm install tsx), or Node 22.18', { cause })
  }
}
