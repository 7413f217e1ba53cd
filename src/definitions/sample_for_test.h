// A small, whole set of definitions for the tests of this room.
#pragma once
#include "definitions/load.h"

namespace anlan::definitions {

inline Files sample() {
  return {
      {"standard/area.yaml", R"~(area: sample
requirements:
  - {id: 1.2-p1-1, clause: "1.2 ¶1", strength: shall, kind: enforce, actor: [平台], zh: 甲, en: One}
  - {id: 1.2-a-1, clause: "1.2 a", strength: may, kind: record, zh: 乙, en: Two, figure: 3 days}
)~"},
      {"standard/readings.yaml", R"~(readings:
  - {no: A01, question: what, chosen: this}
)~"},
      {"roles/posts.yaml", R"~(posts:
  guard: {title: {zh: 门卫, en: Guard}, family: gate, internal: true, permissions: [let_in], req: [1.2-p1-1]}
  host:  {title: {zh: 接待, en: Host}, family: house, internal: false}
---
incompatible:
  - {families: [gate, house], req: 1.2-p1-1, waiver: exception, basis: {zh: 规则, en: a rule}}
)~"},
      {"calendars/all.yaml", R"~(holidays:
  days:
    title: {zh: 假日, en: Holidays}
    known_until: 2026-12-31
    names: {元旦: New Year}
    years:
      2026:
        off: {元旦: [01-01..01-03]}
        work: {元旦: [01-04]}
)~"},
      {"calendars/office.yaml", R"~(calendars:
  office:
    title: {zh: 办公, en: Office}
    zone: Asia/Shanghai
    holidays: days
    week: {monday: [09:00-17:00], tuesday: [09:00-17:00]}
    makeup_hours: [09:00-12:00]
)~"},
      {"parameters/all.yaml", R"~(parameters:
  stay:
    title: {zh: 停留, en: Stay}
    type: duration
    initial: 2h
    max: 4h
    approval_post: guard
    req: 1.2-a-1
)~"},
      {"records/room.yaml", R"~(record: room
title: {zh: 房间, en: Room}
states: [open, shut]
fields:
  name:  {type: string, label: {zh: 名称, en: Name}, required: true}
  seats: {type: int, label: {zh: 座位, en: Seats}, check: "value > 0",
          check_else: {zh: 至少一个, en: At least one.}}
  until: {type: date, label: {zh: 期限, en: Until}}
unique: [[name]]
maintain: [guard]
guards:
  - if: record.state != "shut" || record.seats == null
    code: shut_with_seats
    field: seats
    else: {zh: 先清空, en: Clear it first.}
retain_until: record.until
label: record.name
)~"},
      {"processes/visit.yaml", R"~(process: visit
title: {zh: 来访, en: Visit}
clause: "1.2"
number: VIS-{yyyy}-{seq:4}
severity: rank
ticket_title: ticket.title
fields:
  title: {type: string, label: {zh: 标题, en: Title}, initial: '"visit"', required: true}
  room:  {type: ref(room), label: {zh: 房间, en: Room}, indexed: true, required_in: [inside]}
  rank:
    type: choice
    words: {plain: {zh: 普通, en: Plain}, high: {zh: 贵宾, en: High}}
    label: {zh: 级别, en: Rank}
    decided_by: rank
  wish:  {type: "choice", words: {a: {zh: 甲, en: A}, b: {zh: 乙, en: B}}, label: {zh: 愿望, en: Wish}}
  hosts: {type: list<person>, label: {zh: 接待人, en: Hosts}}
  due:   {type: timestamp, label: {zh: 时限, en: Due}, check: value > now, check_else: {zh: 过去, en: It is past.}}
  stays:
    type: table
    columns:
      place: {type: ref(room), label: {zh: 房间, en: Room}, required: true}
      from:  {type: timestamp, label: {zh: 始, en: From}}
      to:    {type: timestamp, label: {zh: 止, en: To}}
    label: {zh: 停留, en: Stays}
roles:
  gate:
    title: {zh: 门卫, en: Gate}
    who: [{post: guard, line: 1}, {duty: ticket.room}]
    req: 1.2-p1-1
  host:
    title: {zh: 接待, en: Host}
    who: {person: ticket.hosts}
    differs_from: [{seat: gate, by: person, req: 1.2-a-1}]
states:
  asked:  {title: {zh: 已请, en: Asked}, accountable: gate}
  inside: {title: {zh: 在内, en: Inside}, accountable: host, owes: gate}
  left:   {title: {zh: 已走, en: Left}, final: left}
decisions:
  many:
    title: {zh: 人多, en: Many}
    output: bool
    rows: [{if: size(ticket.hosts) > 2, then: "true"}]
    otherwise: "false"
  rank:
    title: {zh: 级别, en: Rank}
    output: choice
    words: {plain: {zh: 普通, en: Plain}, high: {zh: 贵宾, en: High}}
    hit: priority
    into: rank
    rows:
      - if: decisions.many || reached(stopwatches.inside, 30m)
        then: '"high"'
        because: {zh: 人多或久留, en: Many or long}
        req: 1.2-p1-1
    otherwise: '"plain"'
stopwatches:
  inside:
    title: {zh: 在内时间, en: Time inside}
    rows: stays
    key: row.place
    from: row.from
    to: row.to
    where: has(row.place)
    calendar: '"office"'
clocks:
  leave:
    title: {zh: 离开, en: Leave}
    when: ticket.state == "inside"
    anchor: ticket.state_since
    amount: params.stay
    stop: ticket.state == "left"
    ladder:
      - {at: -15m, tell: {roles: [host], posts: [guard]}, text: {zh: 快到了, en: Soon}}
      - {at: 0s, text: {zh: 到了, en: Now}, action: remind}
  paper:
    title: {zh: 登记, en: Paper}
    anchor: ticket.opened_at
    counting: working_days
    amount: "2"
    calendar: '"office"'
    stop: tasks_done("sign") > 0
tasks:
  sign:
    title: {zh: 签字, en: Sign}
    kind: approval
    for_each: ticket.hosts
    assignee: {person: item}
    quorum: {answered: 2/3, agreed: 1/2}
    covers: [title]
    fields: {words: {type: text, label: {zh: 意见, en: Words}, required: true}}
    due: 1h
links:
  again: {title: {zh: 再访, en: Again}, to: [visit], carries: {title: ticket.title}}
  parcel: {title: {zh: 包裹, en: Parcel}, to: [parcel], many: false}
reactions:
  - {on: tasks_done, key: sign, result: agreed, when: ticket.open, do: remind}
  - {on: link_closed, key: parcel, do: remind}
actions:
  ask:
    title: {zh: 请求, en: Ask}
    by: [gate, host]
    platform: true
    fields: {title: required, room: optional, hosts: optional}
    effects:
      - {tasks: sign}
  enter:
    title: {zh: 进入, en: Enter}
    from: asked
    to: inside
    by: gate
    guards:
      - if: has(ticket.room) && lookup("room", ticket.room, "seats") > 0
        code: no_seat
        field: room
        else: {zh: 没有座位, en: There is no seat.}
        waiver: law
        req: 1.2-p1-1
    effects:
      - append: stays
        row: {place: ticket.room, from: now}
      - {record: room, id: ticket.room, set: {seats: "1"}, state: open}
      - notify: {roles: [host], posts: [guard]}
        text: {zh: "{number} 到了：{title}", en: "{number} is here: {title}"}
        acknowledge_within: 10m
  remind:
    title: {zh: 提醒, en: Remind}
    from: open
    platform: true
    effects:
      - set: {title: ticket.title + "!", wish: '"b"'}
        when: ticket.wish == "a"
      - {open: parcel, link: parcel, with: {what: ticket.title}}
      - {act: remind, on: again}
  leave:
    title: {zh: 离开, en: Leave}
    from: [asked, inside]
    to: left
    by: [gate, host]
    comment: required
    guards:
      - {if: 'tasks_open("sign") == 0 && linked_open("parcel") == 0', code: work_open, else: {zh: 未完, en: Work is open.}}
    effects:
      - fill: stays
        where: "!has(row.to)"
        row: {to: now}
    seat: {host: actor.id}
)~"},
      {"processes/parcel/1.yaml", R"~(process: parcel
title: {zh: 包裹, en: Parcel}
number: PAR-{seq:5}
fields:
  title: {type: string, label: {zh: 标题, en: Title}, initial: '"parcel"'}
  what:  {type: string, label: {zh: 内容, en: What}}
roles:
  gate: {title: {zh: 门卫, en: Gate}, who: {post: guard}}
states:
  here: {title: {zh: 在此, en: Here}, accountable: gate}
  gone: {title: {zh: 已取, en: Gone}, final: gone}
actions:
  bring: {title: {zh: 送来, en: Bring}, platform: true, fields: {what: required}}
  fetch: {title: {zh: 取走, en: Fetch}, from: here, to: gone, by: gate}
)~"},
      {"plans/inspect.yaml", R"~(plan: inspect
title: {zh: 查房, en: Inspection}
population: room
member_when: record.seats > 0
process: visit
member_field: room
qualifies: ticket.wish == "a"
within: calendar_year
warn: [30d, 7d]
tell: {posts: [guard]}
---
plan: monthly
title: {zh: 每月, en: Monthly}
process: parcel
within: {rrule: "FREQ=MONTHLY;BYMONTHDAY=1", opens_with: {what: '"paper"'}}
)~"},
      {"measures/stay.yaml", R"~(measure: stay
title: {zh: 停留, en: Stay}
process: visit
on: closed
subject: ticket.room
period: month
counts: ticket.wish != "b"
value: ticket.closed_at - ticket.opened_at
fold: mean
target: {at_most: 60}
unit: min
)~"},
      {"reports/visit.yaml", R"~(report: visit_report
title: {zh: 来访报告, en: Visit report}
process: visit
drafted_by: gate
approved_by: host
sections:
  - title: {zh: 概况, en: Summary}
    text: {zh: "{ticket.number} 于 {ticket.opened_at}", en: "{ticket.number} at {ticket.opened_at}"}
)~"},
      {"correlation/rules.yaml", R"~(correlation: sample
rules:
  - key: all
    title: {zh: 全部, en: All}
    match: {}
    action: open
    process: visit
)~"},
      {"seeds/rooms.yaml", R"~(seed: room
records:
  - {id: r1, fields: {name: 一号, seats: 4}, state: open}
)~"},
  };
}

}  // namespace anlan::definitions
