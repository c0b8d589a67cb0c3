#pragma once

/// Marks what the shared libraries export; everything else in them is hidden.
/// test/structure/exported lists the exported names.
#if defined(__GNUC__) || defined(__clang__)
#define UVSPDY_EXPORT [[gnu::visibility("default")]]
/// Hides a class that is nested in an exported one.
#define UVSPDY_LOCAL [[gnu::visibility("hidden")]]
#else
#define UVSPDY_EXPORT
#define UVSPDY_LOCAL
#endif
