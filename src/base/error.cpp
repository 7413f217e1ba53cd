#include "base/error.h"

namespace anlan {
std::string_view name(Code code) {
  switch (code) {
    case Code::invalid: return "invalid";
    case Code::unauthenticated: return "unauthenticated";
    case Code::forbidden: return "forbidden";
    case Code::not_found: return "not_found";
    case Code::conflict: return "conflict";
    case Code::refused: return "refused";
    case Code::limit: return "limit";
    case Code::unavailable: return "unavailable";
    case Code::no_space: return "no_space";
    case Code::internal: return "internal";
  }
  return "internal";
}
}  // namespace anlan
