#pragma once

namespace uvspdy::command {

/// Opens /dev/null in the place of each standard descriptor that is closed (`<&-`, `>&-`). Without
/// it the next file that is opened takes the number 0, 1 or 2, and is then read, written or closed
/// as a standard stream. To be called first, before anything else opens a descriptor.
void open_standard_descriptors();

}  // namespace uvspdy::command
