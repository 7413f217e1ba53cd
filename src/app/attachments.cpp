#include "app/attachments.h"

#include <fmt/format.h>

#include <algorithm>

#include "app/tickets.h"
#include "base/text.h"

namespace anlan::app {
namespace {

constexpr std::size_t most = 200;

// What a browser may be told; anything else is bytes to save.
std::string harmless_type(const std::string& given) {
  static constexpr const char* known[] = {"image/png",       "image/jpeg", "image/gif", "image/webp",
                                          "application/pdf", "text/plain", "text/csv",  "application/zip"};
  const std::string type(trim(std::string_view(given).substr(0, given.find(';'))));
  for (const char* one : known)
    if (iequals(type, one)) return one;
  return "application/octet-stream";
}

Result<List> standing(Reader& reader, const std::string& number, std::size_t* ever = nullptr) {
  ANLAN_TRY(std::vector<Event> events, reader.events_of("ticket:" + number));
  List items;
  std::size_t count = 0;
  for (const Event& event : events) {
    if (event.kind == "ticket.attached") {
      ++count;
      items.push_back(event.body.with("by", event.actor).with("at", event.at));
    } else if (event.kind == "ticket.attachment_taken_back") {
      std::erase_if(items, [&](const Value& item) { return item["id"] == event.body["id"]; });
    }
  }
  if (ever) *ever = count;
  return items;
}

Result<Value> found(const List& items, const std::string& number, const std::string& id) {
  for (const Value& item : items)
    if (item["id"].as_string() == id) return item;
  return fail(Code::not_found, fmt::format("ticket {} has no attachment '{}'", number, id));
}

}  // namespace

std::string file_name(std::string_view given) {
  if (const auto folder = given.find_last_of("/\\"); folder != std::string_view::npos) given.remove_prefix(folder + 1);
  std::string name;
  for (const char c : given)
    if (static_cast<unsigned char>(c) >= 0x20 && c != 0x7f && c != '"') name += c;
  name = trim(name);
  while (name.size() > 120 || (!name.empty() && !valid_utf8(name))) name.pop_back();
  while (!name.empty() && name.front() == '.') name.erase(0, 1);
  return name.empty() ? "file" : name;
}

Result<Value> attach(Platform& platform, Txn& txn, const Principal& principal, const NewAttachment& given) {
  ANLAN_CHECK(may_act(platform, txn, principal, given.number));
  std::size_t ever = 0;
  ANLAN_TRY(List items, standing(txn, given.number, &ever));
  if (items.size() >= most)
    return fail(Code::limit, fmt::format("ticket {} has {} attachments; it takes no more", given.number, most), "attachments");
  Value item(Map{{"id", fmt::format("a{}", ever + 1)},
                 {"name", file_name(given.name)},
                 {"type", harmless_type(given.type)},
                 {"size", static_cast<std::int64_t>(given.size)},
                 {"sha256", given.digest}});
  Instant now = platform.now();
  ANLAN_TRY([[maybe_unused]] Position position,
            txn.append({0, "ticket:" + given.number, "ticket.attached", now, principal.id(), item}));
  return item.with("by", principal.id()).with("at", now);
}

Result<Value> take_back_attachment(Platform& platform, Txn& txn, const Principal& principal, const std::string& number,
                                   const std::string& id, const std::string& reason) {
  ANLAN_CHECK(may_act(platform, txn, principal, number));
  ANLAN_TRY(List items, standing(txn, number));
  ANLAN_TRY(Value item, found(items, number, id));
  if (item["by"].as_string() != principal.id())
    return fail(Code::forbidden, "only who attached a file takes it back");
  if (trim(reason).empty()) return fail(Code::invalid, "say why it is taken back", "reason");
  ANLAN_TRY([[maybe_unused]] Position position,
            txn.append({0, "ticket:" + number, "ticket.attachment_taken_back", platform.now(), principal.id(),
                        Value(Map{{"id", id}, {"name", item["name"]}, {"reason", reason}})}));
  return item;
}

Result<Value> attachments(Platform& platform, Reader& reader, const World& world, const Principal& principal,
                          const std::string& number) {
  ANLAN_CHECK(may_see(platform, reader, world, principal, number));
  ANLAN_TRY(List items, standing(reader, number));
  return Value(Map{{"items", Value(std::move(items))}, {"next_cursor", Value()}});
}

Result<Value> attachment(Platform& platform, Reader& reader, const World& world, const Principal& principal,
                         const std::string& number, const std::string& id) {
  ANLAN_CHECK(may_see(platform, reader, world, principal, number));
  ANLAN_TRY(List items, standing(reader, number));
  return found(items, number, id);
}

}  // namespace anlan::app
