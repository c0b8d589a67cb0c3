#pragma once

/// What the shared libraries show to their users. Everything else in them is hidden, and the list
/// of it is kept in test/structure/exported.
#if defined(__GNUC__) || defined(__clang__)
#define UVSPDY_EXPORT [[gnu::visibility("default")]]
/// What is defined in the library for such a class alone.
#define UVSPDY_LOCAL [[gnu::visibility("hidden")]]
#else
#define UVSPDY_EXPORT
#define UVSPDY_LOCAL
#endif
