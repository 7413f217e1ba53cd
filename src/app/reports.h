// Reports: drafts made from the data of a ticket at the moment they are asked for. Nothing is kept: what people make
// of a draft, approve and submit is a matter of the ticket's process.
#pragma once
#include <string>

#include "app/platform.h"

namespace anlan::app {

// For insiders. {items: [{key, title, process, drafted_by, approved_by, sections, clause, requirement}]}; `drafted_by`
// and `approved_by` are {key, zh, en} of roles or null, `sections` their titles.
Result<Value> list_reports(Platform&, const World&, const Principal&, const std::string& process);

// For those who see the ticket and fit one of the report's two roles in it (Code::forbidden otherwise); fields they may
// not read count as not filled. {<as in the list>, ticket, state, drill, drafted_at, sections: [{title, text, figures:
// [{expression, value, zh, en}]}]}: `text` in both languages with its placeholders filled, `figures` what they were
// filled with, in the order of the text.
Result<Value> draft_report(Platform&, Reader&, const World&, const Principal&, const std::string& key,
                           const std::string& ticket);

// What stands to be read without a login: {items: [{report, title, since, updated_at, zh, en}], at}. One item for each
// report with `public_while` and each open ticket (at most 200 of a process, the last changed first, no drills) of which
// it holds; zh and en are its sections one after another. No number, no names of people.
Result<Value> public_reports(Platform&, Reader&, const World&);

// Such a draft as a page by itself, in "zh" or "en"; no script, no style, nothing from elsewhere.
std::string report_page(const World&, const Value& draft, const std::string& language);

}  // namespace anlan::app
