#include "cpng.h"

#include <png.h>
#include <setjmp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct source {
  const uint8_t *bytes;
  size_t left;
};

struct reader {
  png_structp png;
  png_infop info;
  struct source source;
  uint8_t *pixels;
  uint8_t *rgb;
  char *message;
};

static void leave_with_message(png_structp png, png_const_charp text) {
  struct reader *reader = png_get_error_ptr(png);
  snprintf(reader->message, DOVETAIL_PNG_MESSAGE, "%s", text);
  png_longjmp(png, 1);
}

// Warnings are about chunks that nothing here looks at.
static void drop_warning(png_structp png, png_const_charp text) {
  (void)png;
  (void)text;
}

static void read_bytes(png_structp png, png_bytep out, size_t count) {
  struct source *source = png_get_io_ptr(png);
  if (count > source->left) png_error(png, "the file is cut off");
  memcpy(out, source->bytes, count);
  source->bytes += count;
  source->left -= count;
}

static void tear_down(struct reader *reader) {
  png_destroy_read_struct(&reader->png, &reader->info, NULL);
  free(reader->pixels);
  free(reader->rgb);
  reader->pixels = reader->rgb = NULL;
}

static int set_up(struct reader *reader, const uint8_t *bytes, size_t count, char *message) {
  memset(reader, 0, sizeof *reader);
  message[0] = 0;
  reader->message = message;
  reader->source.bytes = bytes;
  reader->source.left = count;
  reader->png =
    png_create_read_struct(PNG_LIBPNG_VER_STRING, reader, leave_with_message, drop_warning);
  if (reader->png) reader->info = png_create_info_struct(reader->png);
  if (reader->info) return 0;
  snprintf(message, DOVETAIL_PNG_MESSAGE, "out of memory");
  tear_down(reader);
  return 1;
}

// May leave by longjmp.
static void read_header(struct reader *reader) {
  png_set_read_fn(reader->png, &reader->source, read_bytes);
  // Sizes are held against our own limits, before anything is allocated for them.
  png_set_user_limits(reader->png, PNG_UINT_31_MAX, PNG_UINT_31_MAX);
  // Profiles, texts and the like are passed over unread.
  png_set_keep_unknown_chunks(reader->png, PNG_HANDLE_CHUNK_NEVER, NULL, -1);
  png_read_info(reader->png, reader->info);
}

int dovetail_png_header(const uint8_t *bytes, size_t count, int *width, int *height, int *interlaced,
                        char message[DOVETAIL_PNG_MESSAGE]) {
  struct reader reader;
  if (set_up(&reader, bytes, count, message)) return 1;
  if (setjmp(png_jmpbuf(reader.png))) {
    tear_down(&reader);
    return 1;
  }
  read_header(&reader);
  *width = (int)png_get_image_width(reader.png, reader.info);
  *height = (int)png_get_image_height(reader.png, reader.info);
  *interlaced = png_get_interlace_type(reader.png, reader.info) != PNG_INTERLACE_NONE;
  tear_down(&reader);
  return 0;
}

static void over_white(const uint8_t *rgba, uint8_t *rgb, size_t width) {
  for (size_t x = 0; x < width; x++) {
    int alpha = rgba[4 * x + 3];
    for (int i = 0; i < 3; i++) {
      rgb[3 * x + i] = (uint8_t)((rgba[4 * x + i] * alpha + 255 * (255 - alpha) + 127) / 255);
    }
  }
}

static void give(struct reader *reader, const uint8_t *row, int channels, size_t width,
                 dovetail_png_row take, void *context) {
  if (channels == 4) over_white(row, reader->rgb, width);
  take(context, channels == 4 ? reader->rgb : row);
}

// May leave by longjmp.
static void read_rows(struct reader *reader, size_t width, size_t height, dovetail_png_row take,
                      void *context) {
  png_structp png = reader->png;
  png_set_expand(png);
  png_set_scale_16(png);
  png_set_gray_to_rgb(png);
  int passes = png_set_interlace_handling(png);
  png_read_update_info(png, reader->info);
  int channels = png_get_channels(png, reader->info);
  size_t row_bytes = png_get_rowbytes(png, reader->info);
  if ((channels != 3 && channels != 4) || row_bytes != width * (size_t)channels) {
    png_error(png, "is of an unexpected layout");
  }
  // Zeroed: what a pass does not write is read by none before it is written.
  reader->pixels = calloc(passes > 1 ? height : 1, row_bytes);
  reader->rgb = malloc(width * 3);
  if (!reader->pixels || !reader->rgb) png_error(png, "out of memory");
  if (passes == 1) {
    for (size_t y = 0; y < height; y++) {
      png_read_row(png, reader->pixels, NULL);
      give(reader, reader->pixels, channels, width, take, context);
    }
  } else {
    for (int pass = 0; pass < passes; pass++) {
      for (size_t y = 0; y < height; y++) png_read_row(png, reader->pixels + y * row_bytes, NULL);
    }
    for (size_t y = 0; y < height; y++) {
      give(reader, reader->pixels + y * row_bytes, channels, width, take, context);
    }
  }
  png_read_end(png, NULL);
}

int dovetail_png_decode(const uint8_t *bytes, size_t count, int width, int height,
                        dovetail_png_row take, void *context, char message[DOVETAIL_PNG_MESSAGE]) {
  struct reader reader;
  if (set_up(&reader, bytes, count, message)) return 1;
  if (setjmp(png_jmpbuf(reader.png))) {
    tear_down(&reader);
    return 1;
  }
  read_header(&reader);
  if ((int)png_get_image_width(reader.png, reader.info) != width
      || (int)png_get_image_height(reader.png, reader.info) != height) {
    png_error(reader.png, "size changed between header and decoding");
  }
  read_rows(&reader, (size_t)width, (size_t)height, take, context);
  tear_down(&reader);
  return 0;
}
