// libwebp behind two functions that return an error text.
#ifndef DOVETAIL_CWEBP_H
#define DOVETAIL_CWEBP_H
#include <stddef.h>
#include <stdint.h>

#define DOVETAIL_WEBP_MESSAGE 256

/// Takes one row of RGB bytes, which is gone when it returns.
typedef void (*dovetail_webp_row)(void *context, const uint8_t *rgb);

/// Reads the header. Returns 0, the canvas, whether the picture (of an animation the first frame) can
/// be decoded smaller, having no alpha and filling the canvas, and how many bytes decoding holds for
/// each of its pixels at its own size beside the result; or non-zero and a message.
int dovetail_webp_header(const uint8_t *bytes, size_t count, int *width, int *height, int *scalable,
                         int *held_per_pixel, char message[DOVETAIL_WEBP_MESSAGE]);

/// Gives the picture, of an animation the first frame, to `take`, one row after the other, alpha laid
/// over white: ceil(height/shrink) rows of ceil(width/shrink) pixels; width, height as
/// dovetail_webp_header said, shrink 1 unless it said scalable. Color profiles are ignored. A file that
/// is cut off or damaged is an error, before any row. Returns 0, or non-zero and a message.
int dovetail_webp_decode(const uint8_t *bytes, size_t count, int width, int height, int shrink,
                         dovetail_webp_row take, void *context, char message[DOVETAIL_WEBP_MESSAGE]);
#endif
