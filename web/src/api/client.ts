// Calls of the API. An expired session does not fail a call: it waits until the person has signed in again over the
// page, so that nothing typed is lost, and is then made once more.
import { ref } from 'vue'
import type { Bodies, DeletePath, GetPath, PostPath, PutPath } from './openapi'
import type { Problem } from './shapes'

export type { Bodies, DeletePath, GetPath, PostPath, PutPath }

export class ApiError extends Error {
  constructor(readonly status: number, readonly problem: Problem | null, message: string) { super(message) }
}

// Difference between the server's clock and this machine's, in ms: countdowns follow the server's.
export const clockOffset = ref(0)
export const expired = ref(false)
export const offline = ref(false)

let again: Promise<void> | null = null
let signedInAgain: (() => void) | null = null
let known = false // whether a session existed: a first visit is no expiry

export function sessionBegins() {
  known = true
  expired.value = false
  signedInAgain?.()
  again = signedInAgain = null
}
export function sessionEnds() { known = false; expired.value = false }

type Values = Record<string, string | number>
type Query = Record<string, string | number | boolean | (string | number)[] | null | undefined>

export function address(path: string, values: Values = {}, query?: Query): string {
  const filled = path.replace(/\{(\w+)\}/g, (_, name: string) => encodeURIComponent(String(values[name] ?? '')))
  const search = new URLSearchParams()
  for (const [key, value] of Object.entries(query ?? {})) {
    if (value === null || value === undefined || value === '') continue
    for (const one of Array.isArray(value) ? value : [value]) search.append(key, String(one))
  }
  const text = search.toString()
  return text ? `${filled}?${text}` : filled
}

async function call<T>(method: string, url: string, body?: unknown, headers: Record<string, string> = {}): Promise<T> {
  for (let attempt = 0; ; ++attempt) {
    let response: Response
    try {
      response = await fetch(url, {
        method, credentials: 'same-origin',
        headers: { Accept: 'application/json', ...(body === undefined ? { 'X-Anlan-Request': '1' } : { 'Content-Type': 'application/json' }), ...headers },
        body: body === undefined ? undefined : body instanceof Blob ? body : JSON.stringify(body),
      })
      offline.value = false
    } catch (error) {
      offline.value = true
      throw new ApiError(0, null, String(error))
    }
    const date = response.headers.get('Date')
    if (date && Math.abs(Date.parse(date) - Date.now() - clockOffset.value) > 1500) clockOffset.value = Date.parse(date) - Date.now()
    const data = response.status === 204 ? null : await response.json().catch(() => null)
    if (response.ok) return data as T
    if (response.status === 401 && known && attempt === 0 && !url.startsWith('/api/v1/session')) {
      expired.value = true
      again ??= new Promise((resolve) => { signedInAgain = resolve })
      await again
      continue
    }
    const problem = data as Problem | null
    throw new ApiError(response.status, problem, problem?.detail || problem?.title || response.statusText)
  }
}

export const get = <T>(path: GetPath, values?: Values, query?: Query) => call<T>('GET', address(path, values, query))

type BodyOf<M extends string, P extends string> = `${M} ${P}` extends keyof Bodies ? Bodies[`${M} ${P}`] : undefined
export const post = <T, P extends PostPath = PostPath>(path: P, body: BodyOf<'post', P>, values?: Values, key?: string) =>
  call<T>('POST', address(path, values), body ?? {}, key ? { 'Idempotency-Key': key } : {})
export const put = <T, P extends PutPath = PutPath>(path: P, body: BodyOf<'put', P>, values?: Values) =>
  call<T>('PUT', address(path, values), body ?? {})
export const remove = <T>(path: DeletePath, values?: Values, query?: Query) => call<T>('DELETE', address(path, values, query))
// The body is the file itself.
export const upload = <T>(path: PostPath, file: File, values?: Values) =>
  call<T>('POST', address(path, values, { name: file.name }), file, { 'Content-Type': file.type || 'application/octet-stream', 'X-Anlan-Request': '1' })

// A word that nobody waits for: it fails without a notice (null), never asks for signing in, and with `last` still leaves
// when the page is left. sendBeacon would not do: it cannot say that it comes from our own pages.
export async function aside<T, P extends PostPath = PostPath>(path: P & (GetPath | PostPath), values: Values, body?: BodyOf<'post', P>, last = false): Promise<T | null> {
  try {
    const response = await fetch(address(path, values), {
      method: body === undefined ? 'GET' : 'POST', credentials: 'same-origin', keepalive: last,
      headers: { Accept: 'application/json', ...(body === undefined ? {} : { 'Content-Type': 'application/json' }) },
      body: body === undefined ? undefined : JSON.stringify(body),
    })
    return response.ok ? ((await response.json()) as T) : null
  } catch { return null }
}

// crypto.randomUUID exists only on secure origins; an intranet over http is none.
export function newKey(): string {
  const bytes = crypto.getRandomValues(new Uint8Array(16))
  return [...bytes].map((b) => b.toString(16).padStart(2, '0')).join('')
}
