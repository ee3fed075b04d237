#include "core/json.h"

#include <string.h>

struct json_place json_place_of(struct slice text, size_t offset) {
  struct json_place place = { offset + 1, 1, 1 };
  for (size_t i = 0; i < offset; i++) {
    unsigned char c = (unsigned char)text.data[i];
    if (c == '\n') {
      place.line++;
      place.column = 1;
    } else if ((c & 0xc0) != 0x80) {
      place.column++;
    }
  }
  return place;
}

/* matched[n] belongs to the value that is being read inside n objects and lists: how many bytes of the path lead to this
   value, or 0 if the value is not on the path. items[n] is the number of items that the n-th list has so far. */
struct search {
  struct slice path;
  size_t matched[MAX_JSON_DEPTH + 1];
  size_t items[MAX_JSON_DEPTH + 1];
  size_t longest; /* the longest match so far */
  size_t offset;  /* and its offset */
};

/* Returns the length of the path's part that `element` continues, after `from` bytes; 0 if it doesn't. */
static size_t match(struct slice path, size_t from, const char *prefix, struct slice element, const char *suffix) {
  struct slice parts[] = { { prefix, strlen(prefix) }, element, { suffix, strlen(suffix) } };
  for (size_t i = 0; i < sizeof parts / sizeof *parts; i++) {
    if (path.len - from < parts[i].len) return 0;
    if (parts[i].len && memcmp(path.data + from, parts[i].data, parts[i].len)) return 0;
    from += parts[i].len;
  }
  return from == path.len || path.data[from] == '.' || path.data[from] == '[' ? from : 0;
}

static void note(struct search *s, size_t matched, size_t offset) {
  if (!matched || matched < s->longest) return;
  s->longest = matched;
  s->offset = offset;
}

/* Notes how much of the path leads to the key or the item. */
static void follow(struct search *s, const struct json_reader *r, enum json_token token, size_t depth, bool in_list) {
  size_t from = depth ? s->matched[depth - 1] : 0;
  if (token == JSON_KEY) {
    s->matched[depth] = from ? match(s->path, from, ".", r->string, "") : 0;
    note(s, s->matched[depth], r->offset);
  } else if (in_list) {
    char text[JSON_NUMBER_SIZE];
    struct slice index = { text, json_format_integer(text, (int64_t)++s->items[depth]) };
    s->matched[depth] = from ? match(s->path, from, "[", index, "]") : 0;
    note(s, s->matched[depth], r->offset);
  } else if (!depth) {
    s->offset = r->offset;
  }
  if (token == JSON_LIST) s->items[depth + 1] = 0;
}

/* Returns the length of the path's first name. */
static size_t first_name(struct slice path) {
  size_t len = 0;
  while (len < path.len && path.data[len] != '.' && path.data[len] != '[') len++;
  return len;
}

bool json_find(struct slice text, struct slice path, struct buffer *unescaped, size_t *offset) {
  struct json_reader r = { .text = text, .unescaped = unescaped, .any_bytes = true };
  struct search s = { .path = path, .matched = { first_name(path) } };
  json_skip_byte_order_mark(&r);
  for (;;) {
    size_t depth = r.depth;
    enum json_token token = json_next(&r);
    if (token == JSON_ERROR || token == JSON_END) {
      *offset = s.offset;
      return token == JSON_END;
    }
    if (token != JSON_CLOSE) follow(&s, &r, token, depth, depth && r.closers[depth - 1] == ']');
  }
}
