/* host SCRIPT [ARGUMENT...]: an interpreter that counts what is allocated, and lets allocations fail. The allocations of the
   Lua state are of the kind "lua". The calls of malloc in a module of MODULES are of the kind "c"; the return address
   says which module it is.

   failing(kind, n, more, f, ...)  calls f in protected mode. The n-th allocation fails, and also the one `more` after it if
                                   `more` is not 0. Returns the module whose allocation failed, or false; then what pcall returns
   starting(kind, n, more, code)   the same for code that runs in a new state, which is closed at the end
   allocations()                   how many allocations the last of these runs tried
   live()                          the number of blocks of Lua, of blocks of malloc, and of open descriptors
   spare(module, function)         no allocation of this module fails while this exported function is active: the module
                                   would crash. failing then returns "spared"
   plant()                         has a bug that must be found
   frames()                        the exported functions that were active when the last allocation failed */
#define _GNU_SOURCE
#include <dirent.h>
#include <dlfcn.h>
#include <errno.h>
#include <execinfo.h>
#include <lauxlib.h>
#include <link.h>
#include <lua.h>
#include <lualib.h>
#include <malloc.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* glibc's own, under other names. */
void *__libc_malloc(size_t size);
void *__libc_calloc(size_t count, size_t size);
void *__libc_realloc(void *block, size_t size);
void *__libc_memalign(size_t alignment, size_t size);
void __libc_free(void *block);

enum { LUA = 0, MAX_RANGES = 16, MAX_FRAMES = 64, MAX_SPARED = 8 };

static const char *const MODULES[] = { "lua", "core.so", "curl.so", "libcurl", "libssl", "libcrypto" };

static struct {
  uintptr_t first, last;
  int module;
} ranges[MAX_RANGES];
static int range_count;

static struct {
  atomic_bool armed;
  bool of_lua;
  long first, second, count;
  int module; /* whose allocation failed first; -1: none did */
  bool spared;
  void *frames[MAX_FRAMES];
  int frame_count;
} plan;

static struct { char module[32], function[64]; } spared[MAX_SPARED];
static int spared_count;

static atomic_long lua_blocks, c_blocks;

static int add_module(struct dl_phdr_info *info, size_t size, void *context) {
  (void)size, (void)context;
  const char *slash = strrchr(info->dlpi_name, '/');
  for (int m = 1; slash && m < (int)(sizeof MODULES / sizeof *MODULES); m++) {
    if (strncmp(slash + 1, MODULES[m], strlen(MODULES[m])) != 0) continue;
    for (int i = 0; i < info->dlpi_phnum && range_count < MAX_RANGES; i++) {
      if (info->dlpi_phdr[i].p_type != PT_LOAD || !(info->dlpi_phdr[i].p_flags & PF_X)) continue;
      ranges[range_count].first = info->dlpi_addr + info->dlpi_phdr[i].p_vaddr;
      ranges[range_count].last = ranges[range_count].first + info->dlpi_phdr[i].p_memsz;
      ranges[range_count++].module = m;
    }
  }
  return 0;
}

static int module_of(const void *address) {
  for (int i = 0; i < range_count; i++) {
    if ((uintptr_t)address >= ranges[i].first && (uintptr_t)address < ranges[i].last) return ranges[i].module;
  }
  return -1;
}

/* Lua collects garbage and tries once more after a failure, so that two in a row fail. */
static bool is_planned(void) {
  long n = ++plan.count;
  return n == plan.first || n == plan.second || (plan.of_lua && n > 1 && (n - 1 == plan.first || n - 1 == plan.second));
}

static bool is_active(const char *function) {
  Dl_info info;
  for (int i = 0; i < plan.frame_count; i++) {
    if (dladdr(plan.frames[i], &info) && info.dli_sname && strcmp(info.dli_sname, function) == 0) return true;
  }
  return false;
}

static bool is_spared(int module) {
  for (int i = 0; i < spared_count; i++) {
    if (strcmp(spared[i].module, MODULES[module]) == 0 && is_active(spared[i].function)) return true;
  }
  return false;
}

static bool fails(int module) {
  if (!atomic_load(&plan.armed) || module < 0 || (module == LUA) != plan.of_lua || !is_planned()) return false;
  plan.frame_count = module == LUA ? 0 : backtrace(plan.frames, MAX_FRAMES);
  if (plan.module < 0) plan.module = module;
  if (module != LUA && is_spared(module)) {
    plan.spared = true;
    return false;
  }
  errno = ENOMEM;
  return true;
}

static void *counted(void *block) {
  if (block) atomic_fetch_add(&c_blocks, 1);
  return block;
}

#define CALLER_FAILS() fails(module_of(__builtin_return_address(0)))

void *malloc(size_t size) {
  return CALLER_FAILS() ? NULL : counted(__libc_malloc(size));
}

void *calloc(size_t count, size_t size) {
  return CALLER_FAILS() ? NULL : counted(__libc_calloc(count, size));
}

void *realloc(void *block, size_t size) {
  if (CALLER_FAILS()) return NULL;
  void *moved = __libc_realloc(block, size);
  if (!block) return counted(moved);
  if (!moved && size == 0) atomic_fetch_sub(&c_blocks, 1);
  return moved;
}

char *strdup(const char *text) {
  size_t size = strlen(text) + 1;
  char *copy = CALLER_FAILS() ? NULL : counted(__libc_malloc(size));
  return copy ? memcpy(copy, text, size) : NULL;
}

void *memalign(size_t alignment, size_t size) {
  return counted(__libc_memalign(alignment, size));
}

void *aligned_alloc(size_t alignment, size_t size) {
  return counted(__libc_memalign(alignment, size));
}

int posix_memalign(void **block, size_t alignment, size_t size) {
  *block = counted(__libc_memalign(alignment, size));
  return *block ? 0 : ENOMEM;
}

void free(void *block) {
  if (block) atomic_fetch_sub(&c_blocks, 1);
  __libc_free(block);
}

/* LuaJIT writes beyond a stack that it cannot enlarge: https://github.com/LuaJIT/LuaJIT/issues/1152 */
#ifdef LUA_JITLIBNAME
enum { GROWTH_FAILS = false };
#else
enum { GROWTH_FAILS = true };
#endif

/* Lua relies on it that a block can shrink. */
static void *allocate(void *context, void *block, size_t old, size_t size) {
  (void)context;
  if (size == 0) {
    if (block) atomic_fetch_sub(&lua_blocks, 1);
    __libc_free(block);
    return NULL;
  }
  if ((!block || (size > old && GROWTH_FAILS)) && fails(LUA)) return NULL;
  void *moved = __libc_realloc(block, size);
  if (moved && !block) atomic_fetch_add(&lua_blocks, 1);
  return moved;
}

static void arm(lua_State *L) {
  lua_gc(L, LUA_GCCOLLECT, 0);
  range_count = 0;
  dl_iterate_phdr(add_module, NULL);
  plan.of_lua = strcmp(luaL_checkstring(L, 1), MODULES[LUA]) == 0;
  plan.first = (long)luaL_checkinteger(L, 2);
  plan.second = (long)luaL_checkinteger(L, 3) == 0 ? -1 : plan.first + (long)luaL_checkinteger(L, 3);
  plan.count = 0;
  plan.module = -1;
  plan.spared = false;
  atomic_store(&plan.armed, true);
}

static void push_module(lua_State *L) {
  atomic_store(&plan.armed, false);
  if (plan.module < 0) lua_pushboolean(L, 0);
  else lua_pushstring(L, plan.spared ? "spared" : MODULES[plan.module]);
}

static int failing(lua_State *L) {
  luaL_checkstack(L, 100, NULL);
  arm(L);
  int status = lua_pcall(L, lua_gettop(L) - 4, LUA_MULTRET, 0);
  push_module(L);
  lua_replace(L, 2);
  lua_pushboolean(L, status == 0);
  lua_replace(L, 3);
  return lua_gettop(L) - 1;
}

static int open_libraries(lua_State *L) {
  luaL_openlibs(L);
  return 0;
}

/* Runs `code` in a new state. Copies an error message to `text`. */
static bool run_in_new_state(const char *code, char *text, size_t size) {
  lua_State *L = lua_newstate(allocate, NULL);
  if (!L) {
    snprintf(text, size, "not enough memory");
    return false;
  }
  lua_pushcfunction(L, open_libraries);
  bool ok = lua_pcall(L, 0, 0, 0) == 0 && luaL_loadstring(L, code) == 0 && lua_pcall(L, 0, 0, 0) == 0;
  const char *message = ok ? NULL : lua_tostring(L, -1);
  snprintf(text, size, "%s", message ? message : "");
  lua_close(L);
  return ok;
}

static int starting(lua_State *L) {
  char text[2000];
  const char *code = luaL_checkstring(L, 4);
  arm(L);
  bool ok = run_in_new_state(code, text, sizeof text);
  push_module(L);
  lua_pushboolean(L, ok);
  lua_pushstring(L, text);
  return 3;
}

static int allocations(lua_State *L) {
  lua_pushinteger(L, (lua_Integer)plan.count);
  return 1;
}

static int count_descriptors(void) {
  int count = 0;
  DIR *directory = opendir("/proc/self/fd");
  while (directory && readdir(directory)) count++;
  if (directory) closedir(directory);
  return count;
}

static int live(lua_State *L) {
  lua_gc(L, LUA_GCCOLLECT, 0);
  lua_gc(L, LUA_GCCOLLECT, 0); /* frees what finalizers released */
  lua_pushinteger(L, (lua_Integer)atomic_load(&lua_blocks));
  lua_pushinteger(L, (lua_Integer)atomic_load(&c_blocks));
  lua_pushinteger(L, count_descriptors());
  return 3;
}

static int spare(lua_State *L) {
  if (spared_count == MAX_SPARED) return luaL_error(L, "too many spared functions");
  snprintf(spared[spared_count].module, sizeof spared->module, "%s", luaL_checkstring(L, 1));
  snprintf(spared[spared_count++].function, sizeof spared->function, "%s", luaL_checkstring(L, 2));
  return 0;
}

/* The planted bug: loses a block if there is no memory for userdata. */
static int plant(lua_State *L) {
  void *volatile block = malloc(1); /* else the compiler removes it */
  for (int i = 0; i < 5; i++) lua_newuserdata(L, 100);
  free(block);
  return 1;
}

static int frames(lua_State *L) {
  luaL_Buffer b;
  Dl_info info;
  luaL_buffinit(L, &b);
  for (int i = 0; i < plan.frame_count; i++) {
    if (!dladdr(plan.frames[i], &info) || !info.dli_sname || module_of(plan.frames[i]) <= LUA) continue;
    luaL_addstring(&b, info.dli_sname);
    luaL_addstring(&b, " ");
  }
  luaL_pushresult(&b);
  return 1;
}

static void report_crash(int number) {
  static const char message[] = "crashed after a failed allocation here:\n";
  atomic_store(&plan.armed, false);
  signal(SIGSEGV, SIG_DFL);
  signal(SIGABRT, SIG_DFL);
  if (write(STDOUT_FILENO, message, sizeof message - 1) > 0)
    backtrace_symbols_fd(plan.frames, plan.frame_count, STDOUT_FILENO);
  void *now[MAX_FRAMES];
  if (write(STDOUT_FILENO, "in:\n", 4) > 0) backtrace_symbols_fd(now, backtrace(now, MAX_FRAMES), STDOUT_FILENO);
  raise(number);
}

int main(int argc, char **argv) {
  plan.frame_count = backtrace(plan.frames, MAX_FRAMES); /* the first call loads a library */
  signal(SIGSEGV, report_crash);
  signal(SIGABRT, report_crash);
  lua_State *L = lua_newstate(allocate, NULL);
  if (!L || argc < 2) return 2;
  luaL_openlibs(L);
  lua_newtable(L);
  for (int i = 0; i < argc; i++) {
    lua_pushstring(L, argv[i]);
    lua_rawseti(L, -2, i - 1);
  }
  lua_setglobal(L, "arg");
  lua_register(L, "failing", failing);
  lua_register(L, "starting", starting);
  lua_register(L, "allocations", allocations);
  lua_register(L, "live", live);
  lua_register(L, "spare", spare);
  lua_register(L, "plant", plant);
  lua_register(L, "frames", frames);
  int failed = luaL_loadfile(L, argv[1]) || lua_pcall(L, 0, 0, 0);
  if (failed) printf("%s\n", lua_tostring(L, -1));
  lua_close(L);
  return failed;
}
