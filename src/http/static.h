// The user interface, embedded in the binary at build.
#pragma once
#include <span>
#include <string_view>

#include "http/transport.h"

namespace anlan::http {

struct StaticFile {
  std::string_view name;   // "index.html", "assets/index-DiwrgTda.js"
  std::string_view bytes;  // lives as long as the program
  std::string_view etag;   // strong, with its quotes
};

// The files of web/dist, sorted by name; empty when the build had none. Defined by the build (cmake/embed.cmake).
std::span<const StaticFile> embedded_files();

std::string_view content_type_of(std::string_view name);
// A name that carries a digest of its bytes ("app-DiwrgTda.js", "app.3f9a1c2b.css") may be kept for ever.
bool has_hashed_name(std::string_view name);

// GET /{rest*}: the files by name, "/" as index.html. Unknown addresses without a dot in the last segment and outside
// /api/ are index.html too, because the application routes them itself; others are 404. Answers 304 when If-None-Match
// holds the ETag. A file with ".gz" beside it goes out in that form to whoever takes gzip. Without index.html a page says that this build has no user interface. `files` must be sorted by name
// and outlive the server. Not part of the API document.
Route static_route(std::span<const StaticFile> files);

}  // namespace anlan::http
