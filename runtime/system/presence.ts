/**
 * What one actor is registered as, and the one watch that is kept on it meanwhile, however much that is.
 *
 * The sets are made when first needed: most actors in a registry have one name, or are in one group.
 */
import type { Deferred } from '../deferred/deferred.ts'
import type { Down } from './ref.ts'

export class Presence {
  /** Settles at the actor's end. Whoever drops the presence before calls it off. */
  readonly watch: Deferred<Down>
  private ownNames: Set<string> | undefined = undefined
  private ownGroups: Set<string> | undefined = undefined

  constructor(watch: Deferred<Down>) {
    this.watch = watch
  }

  /** Texts, in order of registration. */
  get names(): readonly string[] {
    return this.ownNames === undefined ? [] : [...this.ownNames]
  }

  /** Texts, in order of joining. */
  get groups(): readonly string[] {
    return this.ownGroups === undefined ? [] : [...this.ownGroups]
  }

  /** It is registered nowhere any more. */
  get isEmpty(): boolean {
    return (this.ownNames?.size ?? 0) === 0 && (this.ownGroups?.size ?? 0) === 0
  }

  addName(text: string): void {
    this.ownNames ??= new Set()
    this.ownNames.add(text)
  }

  removeName(text: string): void {
    this.ownNames?.delete(text)
  }

  addGroup(text: string): void {
    this.ownGroups ??= new Set()
    this.ownGroups.add(text)
  }

  removeGroup(text: string): void {
    this.ownGroups?.delete(text)
  }
}
