/**
 * greenroom as it is published: the build in `dist`, which `npm run bench` makes first. Sources run through a compiler
 * on the fly would be measured with what that adds to every closure.
 */
const load = (path: string): Promise<unknown> => import(new URL(`../dist/${path}`, import.meta.url).href)

export const { actorGroup, behaviour, child, createSystem, onThread, silentLog, supervisor, threadModule } =
  (await load('runtime/index.js')) as typeof import('../runtime/index.ts')

export const { broadcast, http, isRefused, json, jobs, line, listen, openStage, pool, text, websocket } =
  (await load('actors/index.js')) as typeof import('../actors/index.ts')
