// libjpeg-turbo behind functions that return an error text instead of leaving by longjmp.
#ifndef DOVETAIL_CJPEG_H
#define DOVETAIL_CJPEG_H
#include <stddef.h>
#include <stdint.h>

#define DOVETAIL_JPEG_MESSAGE 256

/// Takes one row of RGB bytes, which is gone when it returns.
typedef void (*dovetail_jpeg_row)(void *context, const uint8_t *rgb);

/// Reads the header. Returns 0, the size, and how many bytes decoding holds at any scale: all
/// coefficients of a progressive file (or one in several scans), else 0; or non-zero and a message.
int dovetail_jpeg_header(const uint8_t *bytes, size_t count, int *width, int *height, uint64_t *held,
                         char message[DOVETAIL_JPEG_MESSAGE]);

/// Decodes at a 1/shrink of the size in either direction (shrink 1, 2, 4 or 8; rounded up) and gives
/// ceil(height/shrink) rows of ceil(width/shrink) pixels to `take`, one after the other; width and
/// height as dovetail_jpeg_header said. Gray is copied into three channels, CMYK and YCCK are
/// converted. A file that libjpeg only warns about (cut off, corrupt data) is an error here, after some
/// rows; so is one of more than 1,000 scans. Returns 0, or non-zero and a message.
int dovetail_jpeg_decode(const uint8_t *bytes, size_t count, int width, int height, int shrink,
                         dovetail_jpeg_row take, void *context, char message[DOVETAIL_JPEG_MESSAGE]);

/// Encodes rgb [height, width, 3] (components 3) or gray [height, width] (1) at quality 1…100.
/// On success *out is a malloc'ed file for the caller to free.
int dovetail_jpeg_encode(const uint8_t *pixels, int width, int height, int components, int quality,
                         uint8_t **out, size_t *out_count, char message[DOVETAIL_JPEG_MESSAGE]);
#endif
