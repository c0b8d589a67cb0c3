#pragma once

#include <cstddef>

namespace uvspdy::test {

/// What operator new and delete call in a program that links replaced_new.cpp. Such a program
/// defines these two.
void* allocate(std::size_t size) noexcept;  ///< Null: there is no memory.
void deallocate(void* memory) noexcept;     ///< Of allocate, or null.

}  // namespace uvspdy::test
