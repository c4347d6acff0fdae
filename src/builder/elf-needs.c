/* SPDX-License-Identifier: MIT */
/* What an ELF file needs to run. Reads program headers only (elf(5)); Debian's static
 * libelf lacks a part and can't be linked. */
#include <elf.h>
#include <errno.h>
#include <string.h>
#include <systemd/sd-json.h>

#include "base/alloc.h"
#include "base/str.h"
#include "builder/elf-needs.h"

#define NOTE_DLOPEN_TYPE 0x407c0c0aU
#define NOTE_OWNER "FDO"
#define SEGMENTS_MAX 256
#define ALIGN4(n) (((n) + 3) & ~(size_t)3)

struct image {
	const char *data;
	size_t size;
	Elf64_Phdr segments[SEGMENTS_MAX];
	size_t count;
	const char *origin;
	struct elf_needs *needs;
};

static int damaged(struct error *err)
{
	return fail(err, -EBADMSG, "The ELF file is damaged or cut off");
}

static bool inside(const struct image *i, uint64_t offset, uint64_t size)
{
	return offset <= i->size && size <= i->size - offset;
}

static int read_headers(struct image *i, struct error *err)
{
	Elf64_Ehdr header;

	if (i->size < sizeof(header))
		return damaged(err);
	memcpy(&header, i->data, sizeof(header));
	if (header.e_ident[EI_CLASS] != ELFCLASS64 ||
	    header.e_ident[EI_DATA] != ELFDATA2LSB)
		return fail(err, -ENOEXEC, "The ELF file is for another machine");
	if (header.e_phentsize != sizeof(Elf64_Phdr) || header.e_phnum > SEGMENTS_MAX ||
	    !inside(i, header.e_phoff, header.e_phnum * sizeof(Elf64_Phdr)))
		return damaged(err);
	i->count = header.e_phnum;
	memcpy(i->segments, i->data + header.e_phoff, i->count * sizeof(Elf64_Phdr));
	for (size_t k = 0; k < i->count; k++)
		if (!inside(i, i->segments[k].p_offset, i->segments[k].p_filesz))
			return damaged(err);
	return 0;
}

/* The file's bytes from an address in memory on, and how many there are. */
static const char *at_address(const struct image *i, uint64_t address, size_t *ret_size)
{
	for (size_t k = 0; k < i->count; k++) {
		const Elf64_Phdr *s = &i->segments[k];

		if (s->p_type != PT_LOAD || address < s->p_vaddr ||
		    address - s->p_vaddr >= s->p_filesz)
			continue;
		*ret_size = s->p_filesz - (address - s->p_vaddr);
		return i->data + s->p_offset + (address - s->p_vaddr);
	}
	return NULL;
}

static void add_run_paths(struct image *i, const char *value)
{
	_cleanup_strv_ char **parts = strv_split(value, ":");

	for (char **p = parts; *p; p++) {
		const char *rest = startswith(*p, "$ORIGIN");
		char *path;

		if (!rest)
			rest = startswith(*p, "${ORIGIN}");
		path = rest ? xasprintf("%s%s", i->origin, rest) : xstrdup(*p);
		i->needs->run_path = strv_consume(i->needs->run_path, path);
	}
}

static size_t dynamic_count(const Elf64_Phdr *s)
{
	return s->p_filesz / sizeof(Elf64_Dyn);
}

static Elf64_Dyn dynamic_entry(const struct image *i, const Elf64_Phdr *s, size_t index)
{
	Elf64_Dyn entry;

	memcpy(&entry, i->data + s->p_offset + index * sizeof(entry), sizeof(entry));
	return entry;
}

static const char *string_table(const struct image *i, const Elf64_Phdr *s,
				size_t *ret_size)
{
	for (size_t k = 0; k < dynamic_count(s); k++) {
		Elf64_Dyn entry = dynamic_entry(i, s, k);

		if (entry.d_tag == DT_NULL)
			break;
		if (entry.d_tag == DT_STRTAB)
			return at_address(i, entry.d_un.d_ptr, ret_size);
	}
	return NULL;
}

static int read_dynamic(struct image *i, const Elf64_Phdr *s, struct error *err)
{
	size_t size = 0;
	const char *strings = string_table(i, s, &size);

	for (size_t k = 0; k < dynamic_count(s); k++) {
		Elf64_Dyn entry = dynamic_entry(i, s, k);
		const char *text;

		if (entry.d_tag == DT_NULL)
			break;
		if (entry.d_tag != DT_NEEDED && entry.d_tag != DT_RUNPATH &&
		    entry.d_tag != DT_RPATH)
			continue;
		if (!strings || entry.d_un.d_val >= size ||
		    !memchr(strings + entry.d_un.d_val, 0, size - entry.d_un.d_val))
			return damaged(err);
		text = strings + entry.d_un.d_val;
		if (entry.d_tag == DT_NEEDED)
			i->needs->needed = strv_add(i->needs->needed, text);
		else
			add_run_paths(i, text);
	}
	return 0;
}

/* [{"feature": …, "priority": "required|recommended|suggested", "soname": ["a.so", …]}]
 */
static int read_dlopen(struct image *i, const char *text, size_t size, struct error *err)
{
	_cleanup_(sd_json_variant_unrefp) sd_json_variant *list = NULL;
	_cleanup_free_ char *copy = xstrndup(text, size);

	if (sd_json_parse(copy, 0, &list, NULL, NULL) < 0 ||
	    !sd_json_variant_is_array(list))
		return fail(err, -EBADMSG, "The note .note.dlopen is no JSON array");
	for (size_t k = 0; k < sd_json_variant_elements(list); k++) {
		sd_json_variant *e = sd_json_variant_by_index(list, k),
				*priority = sd_json_variant_by_key(e, "priority"),
				*names = sd_json_variant_by_key(e, "soname"),
				*first = names && sd_json_variant_is_array(names)
						 ? sd_json_variant_by_index(names, 0)
						 : NULL;

		if (priority && sd_json_variant_is_string(priority) &&
		    streq(sd_json_variant_string(priority), "suggested"))
			continue;
		if (first && sd_json_variant_is_string(first))
			i->needs->loaded =
				strv_add(i->needs->loaded, sd_json_variant_string(first));
	}
	return 0;
}

static int read_notes(struct image *i, const Elf64_Phdr *s, struct error *err)
{
	const char *p = i->data + s->p_offset;
	size_t left = s->p_filesz;

	/* Other alignments are the loader's own notes. */
	while (s->p_align <= 4 && left >= sizeof(Elf64_Nhdr)) {
		Elf64_Nhdr note;
		size_t name, size;
		int r = 0;

		memcpy(&note, p, sizeof(note));
		name = ALIGN4((size_t)note.n_namesz);
		size = sizeof(note) + name + ALIGN4((size_t)note.n_descsz);
		if (size > left)
			return damaged(err);
		if (note.n_type == NOTE_DLOPEN_TYPE &&
		    note.n_namesz == sizeof(NOTE_OWNER) &&
		    memcmp(p + sizeof(note), NOTE_OWNER, sizeof(NOTE_OWNER)) == 0)
			r = read_dlopen(i, p + sizeof(note) + name, note.n_descsz, err);
		if (r < 0)
			return r;
		p += size;
		left -= size;
	}
	return 0;
}

static int read_segments(struct image *i, struct error *err)
{
	int r = 0;

	for (size_t k = 0; r == 0 && k < i->count; k++) {
		const Elf64_Phdr *s = &i->segments[k];

		if (s->p_type == PT_INTERP && i->needs->interpreter)
			r = damaged(err);
		else if (s->p_type == PT_INTERP)
			i->needs->interpreter =
				xstrndup(i->data + s->p_offset, s->p_filesz);
		else if (s->p_type == PT_DYNAMIC)
			r = read_dynamic(i, s, err);
		else if (s->p_type == PT_NOTE)
			r = read_notes(i, s, err);
	}
	return r;
}

int elf_read_needs(const char *data, size_t size, const char *origin,
		   struct elf_needs *ret, struct error *err)
{
	_cleanup_free_ struct image *i = xcalloc(1, sizeof(*i));
	int r;

	*ret = (struct elf_needs){0};
	if (size < SELFMAG || memcmp(data, ELFMAG, SELFMAG) != 0)
		return 0;
	*i = (struct image){.data = data, .size = size, .origin = origin, .needs = ret};
	r = read_headers(i, err);
	if (r == 0)
		r = read_segments(i, err);
	if (r < 0)
		elf_needs_done(ret);
	return r;
}

void elf_needs_done(struct elf_needs *n)
{
	free(n->interpreter);
	strv_free(n->needed);
	strv_free(n->run_path);
	strv_free(n->loaded);
	*n = (struct elf_needs){0};
}
