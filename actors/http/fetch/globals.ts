/**
 * Puts `Request`, `Response` and `fetch` of ours over the global ones, which are expensive to make: undici's `Response`
 * alone takes longer than all else that a small answer needs.
 *
 * Rules:
 * - To ordinary code nothing changes: `instanceof` holds both ways and for whatever was made before, classes can be
 *   extended, and what cannot be had cheaper is left to the genuine ones, errors and all.
 * - It happens once, when a server is made for a fetch handler, and never by importing.
 * - Somebody else may put his own over ours. Then handlers are given genuine requests, which everybody understands.
 *
 * Code that has kept the genuine classes from before, and makes a request of one of ours, has a TypeError.
 */
import { type Genuine, genuine, genuineBelow, passAs, toGenuine } from './genuine.ts'
import { LazyRequest } from './lazy-request.ts'
import { LazyResponse } from './lazy-response.ts'

type Constructor = new (...args: never[]) => object
type ResponseClass = Genuine['Response']

/** The global `Request` that was last found to understand lazy ones. */
let understanding: unknown

/** Whether the global `Request` takes a lazy one, so that handlers can be given such. */
export function isLazyUnderstood(): boolean {
  const { Request } = globalThis
  if (Request === understanding) return true
  if (!(genuineBelow in Request)) return false
  understanding = Request
  return true
}

let isPrepared = false

/** Lets lazy objects pass for genuine ones. They do not before. */
export function prepareLazy(): void {
  if (isPrepared) return
  isPrepared = true
  const { Request, Response } = genuine()
  passAs(LazyRequest, Request, new Request('http://localhost'))
  passAs(LazyResponse, Response, new Response(null))
}

/** Replaces the globals, unless that was done: by this copy of the package or by another. */
export function replaceGlobals(): void {
  prepareLazy()
  const { Request, Response } = genuine()
  if (!(genuineBelow in globalThis.Request)) put('Request', requestOver(globalThis.Request), Request)
  if (!(genuineBelow in globalThis.Response)) put('Response', responseOver(Response), Response)
  if (!(genuineBelow in globalThis.fetch)) put('fetch', fetchOver(globalThis.fetch), globalThis.fetch)
}

/** Makes what the global `Request` of before makes, which may not be the genuine one; lazy requests are unwrapped. */
function requestOver(previous: Constructor): object {
  return function Request(...args: unknown[]): object {
    if (new.target === undefined) throw notCalled('Request')
    args[0] = unwrapped(args[0])
    return Reflect.construct(previous, args, isExtended(new.target, Request) ? new.target : previous)
  }
}

function responseOver(Genuine: ResponseClass): object {
  function Response(body: unknown = null, init: unknown = undefined): object {
    if (new.target === undefined) throw notCalled('Response')
    if (isExtended(new.target, Response)) return Reflect.construct(Genuine, [body, init], new.target)
    return LazyResponse.of(body, init) ?? Reflect.construct(Genuine, [body, init])
  }
  const { length, name, prototype, ...statics } = Object.getOwnPropertyDescriptors(Genuine)
  Object.defineProperties(Response, statics)
  Object.defineProperty(Response, 'json', { value: jsonOver(Genuine) })
  return Response
}

function isExtended(target: unknown, base: unknown): boolean {
  return target !== base
}

function jsonOver(Genuine: ResponseClass): unknown {
  return function json(data: unknown, init: unknown = undefined) {
    const text: unknown = JSON.stringify(data)
    const lazy = typeof text === 'string' ? LazyResponse.of(text, init, 'application/json') : undefined
    return lazy ?? Genuine.json(data, (init ?? undefined) as ResponseInit | undefined)
  }
}

function fetchOver(previous: typeof fetch): object {
  return function fetch(input: unknown, init: unknown = undefined) {
    return previous(unwrapped(input) as Request, init as RequestInit | undefined)
  }
}

function unwrapped(input: unknown): unknown {
  if (typeof input !== 'object' || input === null || !(toGenuine in input)) return input
  return (input as { [toGenuine](): Request })[toGenuine]()
}

/** Where the environment forbids it nothing is replaced: then lazy requests are not understood, and nobody is given one. */
function put(name: 'Request' | 'Response' | 'fetch', value: object, Genuine: object): void {
  const { prototype, length } = Genuine as { prototype?: object; length?: number }
  if (prototype !== undefined)
    Object.defineProperty(value, 'prototype', { value: prototype, writable: false })
  Object.defineProperty(value, 'length', { value: length })
  Object.defineProperty(value, genuineBelow, { value: Genuine })
  const enumerable = Object.getOwnPropertyDescriptor(globalThis, name)?.enumerable ?? false
  const isPut = Reflect.defineProperty(globalThis, name, {
    value,
    enumerable,
    writable: true,
    configurable: true,
  })
  if (isPut && prototype !== undefined) Reflect.defineProperty(prototype, 'constructor', { value })
}

function notCalled(name: string): TypeError {
  return new TypeError(`Class constructor ${name} cannot be invoked without 'new'`)
}
