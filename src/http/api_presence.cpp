// Who is on a ticket now: told by the pages themselves, every few seconds, and read by those of the others.
#include "app/presence.h"

#include "app/tickets.h"
#include "http/api_build.h"
#include "json/json.h"

namespace anlan::http::api {
namespace {

using Doing = app::Presence::Doing;

constexpr std::size_t tab_max = 40, action_max = 64;

Result<app::Presence::Beat> read_beat(const Request& request, const Caller& caller, const Value& body) {
  app::Presence::Beat beat{request.parameters.at("number"), caller.principal.person, body["tab"].as_string(), {},
                           body["action"].is_null() ? std::string() : body["action"].as_string()};
  if (beat.tab.empty() || beat.tab.size() > tab_max) return fail(Code::invalid, "tab must be 1 to 40 bytes", "tab");
  const std::string& doing = body["doing"].as_string();
  if (doing == "view") beat.doing = Doing::view;
  else if (doing == "edit") beat.doing = Doing::edit;
  else if (doing != "gone") return fail(Code::invalid, "doing must be view, edit or gone", "doing");
  if (!beat.action.empty() && beat.doing != Doing::edit)
    return fail(Code::invalid, "an action goes only with edit", "action");
  if (beat.action.size() > action_max) return fail(Code::invalid, "action may have 64 bytes", "action");
  return beat;
}

Response people_on(const Api& api, const World& world, const std::string& number) {
  List items;
  for (const auto& present : api.presence.on(number, api.platform.now())) {
    const Text name = world.directory().name_of(present.person);
    items.push_back(Value(Map{{"person", present.person},
                              {"name", Value(Map{{"zh", name.zh}, {"en", name.en}})},
                              {"doing", present.doing == Doing::edit ? "edit" : "view"},
                              {"action", present.action.empty() ? Value() : Value(present.action)},
                              {"since", present.since}}));
  }
  return json_response(Value(Map{{"items", Value(std::move(items))}, {"next_cursor", Value()}}));
}

}  // namespace

void add_presence_routes(Builder& b) {
  auto api = b.shared();
  const char* path = "/api/v1/tickets/{number}/presence";
  const char* answer =
      "{items: [{person, name, doing, action, since}]}: the people on the ticket, the caller too, in the order of their "
      "coming. What this node knows: several nodes would each tell of their own people.";

  b.read(path, "tickets.read",
         {.tag = "tickets", .summary = "Who is on the ticket now, and whether they fill in a step", .answer = answer,
          .schema = "Page", .by_itself = true},
         [api](const Request& request, const Caller& caller, Reader& reader, const World& world) -> Result<Response> {
           ANLAN_CHECK(known_parameters(request, {}));
           const std::string& number = request.parameters.at("number");
           ANLAN_CHECK(app::may_see(api->platform, reader, world, caller.principal, number));
           return people_on(*api, world, number);
         });
  b.call("POST", path, "",
         {.tag = "tickets",
          .summary = "A beat: the caller is on the ticket; lapses after 45 s. Nothing is written. Who is on a ticket "
                     "hears an event \"presence\" of the stream when its people change, and reads them again",
          .answer = answer, .schema = "Page", .by_itself = true},
         {{"doing", "string", true, "view, edit or gone"},
          {"tab", "string", true, "what tells the caller's open pages apart: anything random, at most 40 bytes"},
          {"action", "string", false, "with edit: the key of the step whose form is open"}},
         [api](std::shared_ptr<const Request> request, const Caller& caller, const Value& body, Respond respond) {
           Response response;
           auto status = api->platform.read([&](Reader& reader, const World& world) -> Status {
             ANLAN_TRY(app::Presence::Beat beat, read_beat(*request, caller, body));
             ANLAN_CHECK(app::may_see(api->platform, reader, world, caller.principal, beat.ticket));
             api->feed.moved(api->presence.beat(beat, api->platform.now()));
             response = people_on(*api, world, beat.ticket);
             return {};
           });
           respond(status ? std::move(response) : problem(status.error(), *request));
         },
         4096);
}

}  // namespace anlan::http::api
