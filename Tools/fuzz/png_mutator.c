// libFuzzer's own mutations, after which the checksums of PNG chunks are put right: else libpng would
// refuse nearly all of them before it looks at what they hold.
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <zlib.h>

size_t LLVMFuzzerMutate(uint8_t *data, size_t size, size_t most);

size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t most, unsigned seed) {
  size = LLVMFuzzerMutate(data, size, most);
  // One in eight stays wrong.
  if (size < 8 || memcmp(data, "\x89PNG", 4) != 0 || seed % 8 == 0) return size;
  for (size_t at = 8; size - at >= 12;) {
    size_t length =
      (size_t)data[at] << 24 | (size_t)data[at + 1] << 16 | (size_t)data[at + 2] << 8 | data[at + 3];
    if (length > size - at - 12) break;
    uLong sum = crc32(0, data + at + 4, (uInt)length + 4);
    for (int i = 0; i < 4; i++) data[at + 8 + length + i] = (uint8_t)(sum >> (24 - 8 * i));
    at += 12 + length;
  }
  return size;
}
