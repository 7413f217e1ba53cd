// Made by tools/types.mjs from /openapi.json: the addresses that exist and what may be sent to them.
/* eslint-disable */
export interface Schemas {
  Action: { "action": string; "open": boolean; "refusals": Array<Schemas['Refusal']>; "title"?: Schemas['Text'] }
  Clock: { "breached"?: boolean; "clock": string; "due"?: string | null; "state": string }
  Event: { "at": string; "by"?: string | null; "data"?: Record<string, unknown>; "kind": string; "position": number }
  Invitation: { "expires_at"?: string; "path"?: string; "token"?: string }
  Link: { "relation": string; "ticket": string }
  Me: { "id"?: string; "language"?: string; "login"?: string; "name"?: Schemas['Text']; "permissions"?: Array<string>; "posts"?: Array<Record<string, unknown>>; "unit"?: string }
  Measure: { "fold"?: string; "items"?: Array<Record<string, unknown>>; "key"?: string; "next_cursor"?: string; "period"?: string; "process"?: string; "target"?: Record<string, unknown>; "title"?: Schemas['Text']; "unit"?: string }
  Page: { "items": Array<Record<string, unknown>>; "next_cursor": string | null }
  Plan: { "items"?: Array<Record<string, unknown>>; "key"?: string; "next_cursor"?: string; "population"?: string; "process"?: string; "title"?: Schemas['Text']; "within"?: string }
  Problem: { "code": string; "detail": string; "field"?: string; "instance"?: string; "refusals"?: Array<Schemas['Refusal']>; "request_id"?: string; "status": number; "title": string; "type": string }
  Record: { "fields"?: Record<string, unknown>; "id"?: string; "register"?: string; "state"?: string; "valid_from"?: string; "version"?: number }
  Refusal: { "clause": string; "code": string; "en": string; "field": string; "requirement": string; "waiver"?: "exception" | "break_glass"; "zh": string }
  Report: { "approved_by"?: Record<string, unknown>; "drafted_at"?: string; "drafted_by"?: Record<string, unknown>; "drill"?: boolean; "key"?: string; "process"?: string; "sections"?: Array<Record<string, unknown>>; "state"?: string; "ticket"?: string; "title"?: Schemas['Text'] }
  Session: { "expires_at"?: string; "person"?: string }
  Status: { "at"?: string; "items"?: Array<Record<string, unknown>> }
  Task: { "holder"?: string | null; "id": string; "state": string; "title"?: Schemas['Text'] }
  Text: { "en": string; "zh": string }
  Ticket: { "fields": Record<string, unknown>; "holder": string | null; "number": string; "opened_at": string; "process": string; "severity": string | null; "state": string; "title": string; "version": number }
  Token: { "expires_at"?: string; "id"?: string; "name"?: string; "scopes"?: Array<string>; "token"?: string }
}
export type GetPath =
  | '/api/v1/alerts'
  | '/api/v1/compliance'
  | '/api/v1/demo'
  | '/api/v1/me'
  | '/api/v1/me/watched'
  | '/api/v1/measures'
  | '/api/v1/measures/{key}'
  | '/api/v1/measures/{key}/sources'
  | '/api/v1/notices'
  | '/api/v1/parameters'
  | '/api/v1/people'
  | '/api/v1/plans'
  | '/api/v1/plans/{key}'
  | '/api/v1/posts'
  | '/api/v1/processes'
  | '/api/v1/processes/{key}'
  | '/api/v1/records/{register}'
  | '/api/v1/records/{register}/{id}'
  | '/api/v1/records/{register}/{id}/history'
  | '/api/v1/registers'
  | '/api/v1/reports'
  | '/api/v1/reports/{key}'
  | '/api/v1/requirements'
  | '/api/v1/search'
  | '/api/v1/status'
  | '/api/v1/stream'
  | '/api/v1/tickets'
  | '/api/v1/tickets/completions'
  | '/api/v1/tickets/facets'
  | '/api/v1/tickets/{number}'
  | '/api/v1/tickets/{number}/actions'
  | '/api/v1/tickets/{number}/attachments'
  | '/api/v1/tickets/{number}/attachments/{id}'
  | '/api/v1/tickets/{number}/clocks'
  | '/api/v1/tickets/{number}/events'
  | '/api/v1/tickets/{number}/links'
  | '/api/v1/tickets/{number}/presence'
  | '/api/v1/tickets/{number}/tasks'
  | '/api/v1/tokens'
  | '/api/v2/alerts'
  | '/api/v2/receivers'
  | '/api/v2/silences'
  | '/api/v2/status'
  | '/healthz'
  | '/metrics'
  | '/openapi.json'
  | '/readyz'
export type PostPath =
  | '/api/v1/alerts/replay'
  | '/api/v1/first-start'
  | '/api/v1/hooks/alertmanager'
  | '/api/v1/hooks/generic'
  | '/api/v1/hooks/zabbix'
  | '/api/v1/import'
  | '/api/v1/invitation'
  | '/api/v1/notices/{id}/acknowledge'
  | '/api/v1/people/{id}/invitation'
  | '/api/v1/processes/{key}/check'
  | '/api/v1/session'
  | '/api/v1/tickets'
  | '/api/v1/tickets/{number}/actions/{action}'
  | '/api/v1/tickets/{number}/actions/{action}/check'
  | '/api/v1/tickets/{number}/attachments'
  | '/api/v1/tickets/{number}/comments'
  | '/api/v1/tickets/{number}/overrides'
  | '/api/v1/tickets/{number}/presence'
  | '/api/v1/tickets/{number}/tasks/{task}'
  | '/api/v1/tokens'
  | '/api/v2/alerts'
export type PutPath =
  | '/api/v1/me'
  | '/api/v1/me/password'
  | '/api/v1/parameters/{key}'
  | '/api/v1/records/{register}/{id}'
  | '/api/v1/tickets/{number}/watch'
export type DeletePath =
  | '/api/v1/session'
  | '/api/v1/tickets/{number}/attachments/{id}'
  | '/api/v1/tickets/{number}/watch'
  | '/api/v1/tokens/{id}'
export interface Bodies {
  'post /api/v1/alerts/replay': { "active_only"?: boolean; "dry_run"?: boolean; "limit"?: number; "outcome"?: string }
  'post /api/v1/first-start': { "login": string; "name": string; "password": string; "token": string }
  'post /api/v1/hooks/alertmanager': unknown
  'post /api/v1/hooks/generic': unknown
  'post /api/v1/hooks/zabbix': unknown
  'post /api/v1/import': { "dry_run"?: boolean; "name": string; "rows": Array<unknown> }
  'post /api/v1/invitation': { "password": string; "token": string }
  'put /api/v1/me': { "language": string }
  'put /api/v1/me/password': { "current": string; "password": string }
  'put /api/v1/parameters/{key}': { "approved_by"?: string; "reason"?: string; "value"?: unknown; "version"?: number }
  'post /api/v1/processes/{key}/check': { "comment"?: string; "fields"?: Record<string, unknown> }
  'put /api/v1/records/{register}/{id}': { "fields": Record<string, unknown>; "state"?: string; "version"?: number; "why"?: string }
  'post /api/v1/session': { "login": string; "password": string }
  'post /api/v1/tickets': { "comment"?: string; "drill"?: boolean; "fields"?: Record<string, unknown>; "process": string }
  'post /api/v1/tickets/{number}/actions/{action}': { "as_role"?: string; "comment"?: string; "fields"?: Record<string, unknown>; "version"?: number }
  'post /api/v1/tickets/{number}/actions/{action}/check': { "as_role"?: string; "comment"?: string; "fields"?: Record<string, unknown> }
  'post /api/v1/tickets/{number}/comments': { "text": string }
  'post /api/v1/tickets/{number}/overrides': { "action"?: string; "code"?: string; "id"?: string; "kind": string; "reason"?: string; "review"?: string; "valid_for"?: string }
  'post /api/v1/tickets/{number}/presence': { "action"?: string; "doing": string; "tab": string }
  'post /api/v1/tickets/{number}/tasks/{task}': { "answer": string; "comment"?: string; "fields"?: Record<string, unknown> }
  'post /api/v1/tokens': { "expires_at"?: string; "name": string; "scopes": Array<unknown> }
  'post /api/v2/alerts': unknown
}
