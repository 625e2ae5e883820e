"""What is left in the folder of results, each file written aside and renamed."""
import io
import os
import pathlib
import tarfile

# A file's most bytes, with some room for the archive's own.
MOST = (16 << 20) - (64 << 10)
# Of a log that goes on and on its beginning and its end.
MOST_OF_A_LOG = 1 << 20


def replace(path, text):
    aside = path.with_name(path.name + ".partial")
    aside.write_text(text)
    os.replace(aside, path)


def shortened(path):
    size = path.stat().st_size
    with open(path, "rb") as file:
        if size <= MOST_OF_A_LOG:
            return file.read()
        head = file.read(MOST_OF_A_LOG // 2)
        file.seek(size - MOST_OF_A_LOG // 2)
        return head + b"\n[... %d bytes left out ...]\n" % (size - MOST_OF_A_LOG) + file.read()


def files_below(folder):
    return sorted(p for p in folder.rglob("*") if p.is_file() and not p.is_symlink())


def logs(folder, path):
    """Packs all logs; the later ones are left out where the archive gets too large."""
    aside = path.with_name(path.name + ".partial")
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w:gz", compresslevel=6) as archive:
        for file in files_below(folder):
            # Packed it takes a fifth or less; this is on the safe side.
            if buffer.tell() + MOST_OF_A_LOG > MOST:
                break
            data = shortened(file)
            entry = tarfile.TarInfo("logs/%s" % file.relative_to(folder))
            entry.size, entry.mtime = len(data), int(file.stat().st_mtime)
            archive.addfile(entry, io.BytesIO(data))
    aside.write_bytes(buffer.getvalue())
    os.replace(aside, path)


def pack(folders, path):
    """Packs folders, given by their names in the archive, the small files first. Returns the names
    of files that had no room: those that do not shrink, weights, are the large ones."""
    aside = path.with_name(path.name + ".partial")
    left_out, total = [], 0
    files = [(file, "%s/%s" % (name, file.relative_to(folder)))
             for name, folder in folders.items() for file in files_below(folder)]
    with tarfile.open(aside, "w:gz", compresslevel=6) as archive:
        for file, name in sorted(files, key=lambda entry: (entry[0].stat().st_size, entry[1])):
            size = file.stat().st_size + 1024
            if total + size > MOST:
                left_out.append(name)
                continue
            total += size
            archive.add(file, name, recursive=False)
    os.replace(aside, path)
    return left_out


def unpack(path, folder):
    """Unpacks an archive of data or of a bundle; nothing may come to lie outside the folder."""
    with tarfile.open(path) as archive:
        if hasattr(tarfile, "data_filter"):
            archive.extraction_filter = tarfile.data_filter
        for entry in archive:
            name = pathlib.PurePosixPath(entry.name)
            if name.is_absolute() or ".." in name.parts:
                raise tarfile.TarError("%s: it would lie outside the folder" % entry.name)
            if entry.islnk() or entry.isdev():
                raise tarfile.TarError("%s: neither a file, a folder nor a link" % entry.name)
            if entry.issym() and (entry.linkname.startswith("/") or ".." in entry.linkname):
                raise tarfile.TarError("%s: its link leads outside the folder" % entry.name)
            archive.extract(entry, folder)
