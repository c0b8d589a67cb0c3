#pragma once

#include <archive.h>
#include <archive_entry.h>
#include <locale.h>

#include <memory>
#include <string>
#include <system_error>

#include "uvspdy/error.h"

namespace uvspdy::command {

// Owners of libarchive's objects.

struct ArchiveFree {
  void operator()(archive* object) const { archive_free(object); }
};
struct ArchiveEntryFree {
  void operator()(archive_entry* object) const { archive_entry_free(object); }
};
using ArchivePtr = std::unique_ptr<archive, ArchiveFree>;
using ArchiveEntryPtr = std::unique_ptr<archive_entry, ArchiveEntryFree>;

inline Error archive_failure(archive* object, const std::string& what) {
  const char* why = archive_error_string(object);
  return Error(std::make_error_code(std::errc::io_error),
               what + ": " + (why != nullptr ? why : "unknown reason"));
}

/// Sets this thread's locale to UTF-8 while it lives, because libarchive converts names of some
/// formats (pax) to the locale's encoding.
class Utf8Locale {
 public:
  Utf8Locale() : locale_(newlocale(LC_CTYPE_MASK, "C.UTF-8", nullptr)) {
    if (locale_ != nullptr) before_ = uselocale(locale_);
  }
  ~Utf8Locale() {
    if (locale_ == nullptr) return;
    uselocale(before_);
    freelocale(locale_);
  }
  Utf8Locale(const Utf8Locale&) = delete;
  Utf8Locale& operator=(const Utf8Locale&) = delete;

 private:
  locale_t locale_;
  locale_t before_{};
};

}  // namespace uvspdy::command
