// libjpeg-turbo behind functions that return an error text instead of leaving by longjmp.
#ifndef DOVETAIL_CJPEG_H
#define DOVETAIL_CJPEG_H
#include <stddef.h>
#include <stdint.h>

#define DOVETAIL_JPEG_MESSAGE 256
/// Largest image that is decoded, in pixels: a header that claims more is refused unread.
#define DOVETAIL_JPEG_MAX_PIXELS (64 * 1024 * 1024)

/// Reads the header. Returns 0 and the size, or non-zero and a message.
int dovetail_jpeg_size(const uint8_t *bytes, size_t count, int *width, int *height,
                       char message[DOVETAIL_JPEG_MESSAGE]);

/// Decodes at a 1/shrink of the size in either direction (shrink 1, 2, 4 or 8; rounded up) into rgb
/// [ceil(height/shrink), ceil(width/shrink), 3]; width and height as dovetail_jpeg_size said. Gray is
/// copied into three channels, CMYK and YCCK are converted. A file that libjpeg only warns about
/// (truncated, corrupt data) is an error here. Returns 0, or non-zero and a message.
int dovetail_jpeg_decode(const uint8_t *bytes, size_t count, int width, int height, int shrink,
                         uint8_t *rgb, char message[DOVETAIL_JPEG_MESSAGE]);

/// Encodes rgb [height, width, 3] (components 3) or gray [height, width] (1) at quality 1…100.
/// On success *out is a malloc'ed file for the caller to free.
int dovetail_jpeg_encode(const uint8_t *pixels, int width, int height, int components, int quality,
                         uint8_t **out, size_t *out_count, char message[DOVETAIL_JPEG_MESSAGE]);
#endif
