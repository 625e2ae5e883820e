// libpng behind functions that return an error text instead of leaving by longjmp.
#ifndef DOVETAIL_CPNG_H
#define DOVETAIL_CPNG_H
#include <stddef.h>
#include <stdint.h>

#define DOVETAIL_PNG_MESSAGE 256

/// Takes one row of RGB bytes, which is gone when it returns.
typedef void (*dovetail_png_row)(void *context, const uint8_t *rgb);

/// Reads the header. Returns 0, size and whether the picture is interlaced, or non-zero and a message.
int dovetail_png_header(const uint8_t *bytes, size_t count, int *width, int *height, int *interlaced,
                        char message[DOVETAIL_PNG_MESSAGE]);

/// Gives the picture to `take`, one row after the other: palettes and gray as RGB, 16 bits as the
/// nearest 8, alpha and transparent colors laid over white. Gamma and color profiles are ignored.
/// width and height as dovetail_png_header said. Holds a few rows, of an interlaced picture all: at
/// most 4 · width · height bytes. A file that is cut off or does not fit its checksums is an error,
/// after some rows. Returns 0, or non-zero and a message.
int dovetail_png_decode(const uint8_t *bytes, size_t count, int width, int height,
                        dovetail_png_row take, void *context, char message[DOVETAIL_PNG_MESSAGE]);
#endif
