"""Verifies a run's ledger and files by docs/LEDGER-FORMAT.md alone, with nothing of Agent2028.
Usage: verify.py RUN [--root HEX] [--key FINGERPRINT]. Exit code: 0 whole, 4 cut off, 1 changed. Needs cryptography, blake3."""
import functools, glob, hashlib, json, os, struct, sys
from blake3 import blake3
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.hazmat.primitives.asymmetric.mldsa import MLDSA65PublicKey
KINDS = "Scene Seed File Intervention StateHash Event Receipt Note Result End Terms Identity Manifest Resumed".split()
FROM_THE_BEGINNING = "scene.ron about.json options.json metrics.csv events.jsonl hashes.csv interventions.ron".split()
AT_THE_END, GROWING = "metrics.parquet events.parquet summary.json".split(), "metrics.csv events.jsonl hashes.csv".split()
Changed = type("Changed", (Exception,), {})
def demand(holds, what):
    if not holds: raise Changed(what)
sha3 = lambda data: hashlib.sha3_256(data).digest()
canonical = lambda *fields: b"".join(struct.pack("<Q", len(field)) + field for field in fields)  # section 2
parts_hash = lambda *parts: sha3(b"".join(struct.pack("<I", len(part)) + part for part in parts))
class Reader:
    def __init__(self, data): self.data, self.at = data, 0
    def take(self, count):
        demand((end := self.at + count) <= len(self.data), "bytes end too early")
        self.at = end
        return self.data[end - count : end]
    def number(self, form): return struct.unpack("<" + form, self.take(struct.calcsize(form)))[0]
    def bytes(self): return self.take(self.number("I"))  # after a length of four bytes
    def post(self, schema):  # section 3: a name, a list of fields, ("seq", X), ("map", X, Y), ("opt", X) or ("enum", [X…])
        if isinstance(schema, list): return [self.post(field) for field in schema]
        if schema[0] == "seq": return [self.post(schema[1]) for _ in range(self.varint())]
        if schema[0] == "map": return {self.post(schema[1]): self.post(schema[2]) for _ in range(self.varint())}
        if schema[0] == "opt": return self.post(schema[1]) if self.take(1) == b"\1" else None
        if schema[0] == "enum": return (number := self.varint()), self.post(schema[1][number])
        if schema == "u": return self.varint()
        if schema == "i": return ((value := self.varint()) >> 1) ^ -(value & 1)
        return self.take(self.varint() if schema == "bytes" else int(schema))
    def varint(self): return byte if (byte := self.take(1)[0]) < 128 else byte & 127 | self.varint() << 7
KEYS, HEAD = ["u", "32", "bytes", "32", "bytes"], [["u", "32", "u", "i"], ("opt", ["bytes", "bytes"])]
SIGNATURE = ["u", "32", "i", "bytes", "32", ["64", "bytes"]]
DOCUMENT = ["32", ("seq", [KEYS, "i", ("opt", [SIGNATURE, SIGNATURE])]), ("opt", SIGNATURE)]
KEY = [("enum", [[], [], "u"]), KEYS, ("opt", DOCUMENT)]
BASE = ["u", "16", ["u", ("seq", "32")], ("seq", ["u", "u", "32"]), ("seq", ["u", "bytes"]), ("seq", HEAD), ("seq", KEY),
        ("map", "u", "u"), "u", ("seq", ["u", "u", "u", "u", "32"])]
key_id = lambda keys: sha3(canonical(b"agent2028.keys.v1", {0: b"hybrid-fips"}[keys[0]], *keys[1:]))  # or KeyError
def verify(keys, signature, context, data, micros=None):  # section 4
    suite, key, at, said, digest, (ed25519, ml_dsa) = signature
    demand((key, said, digest) == (key_id(keys), context, sha3(data)) and micros in (None, at), "signed is something else")
    message = canonical(b"agent2028.signature.v1", b"hybrid-fips", context, struct.pack("<q", at), digest)
    Ed25519PublicKey.from_public_bytes(keys[1]).verify(ed25519, message)  # or InvalidSignature
    MLDSA65PublicKey.from_public_bytes(keys[2]).verify(ml_dsa, message, b"agent2028")
    return at
def joined(known, document):  # section 4: what is known of an identity, and what a later document adds
    (did, history, ended), before = document, known[1] if known else document[1][:1]
    first = before.index(history[0])
    fits = known and did == known[0] and history[: len(before) - first] == before[first:] and known[2] in (None, ended)
    demand(fits or not known and did == sha3(canonical(b"agent2028.did.v1", key_id(history[0][0]))), "a document was changed")
    history = before[:first] + history
    for number in range(len(before), len(history)):
        (former, _, _), (new, since, proof) = history[number - 1], history[number]
        data = canonical(b"agent2028.did.rotation", did, struct.pack("<Q", number), key_id(former), key_id(new))
        [verify(keys, by, b"agent2028.did.rotation", data, since) for keys, by in zip((former, new), proof)]
    if ended: verify(history[-1][0], ended, b"agent2028.did.deactivation", canonical(b"agent2028.did.deactivation", did))
    return did, history, ended
base58 = lambda number: base58(number // 58) + "123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz"[number % 58] if number else ""
name_of = lambda did: "did:agent:z" + base58(int.from_bytes(b"\x16\x20" + did, "big"))
class Tree:  # section 1: the roots of whole subtrees, the largest first
    def __init__(self, size=0, roots=()):
        self.size, self.roots = size, list(roots)
        demand(size <= 1 << 62 and len(self.roots) == bin(size).count("1"), "a tree's roots don't fit its size")
    def push(self, leaf):
        node, size = sha3(b"\0" + leaf), self.size
        while size & 1: node, size = sha3(b"\1" + self.roots.pop() + node), size >> 1
        self.roots, self.size = self.roots + [node], self.size + 1
    def root(self): return functools.reduce(lambda node, left: sha3(b"\1" + left + node), self.roots[::-1] or [sha3(b"")])
class Ledger:
    def __init__(self):
        self.keys, self.names, self.counts, self.documents, self.heads, self.order, self.manifests = {}, {}, {}, {}, [], [], []
        self.nonces, self.stamps, self.tick, self.after, self.manifest, self.scene, self.terms = set(), 0, 0, 0, None, None, {}
        self.files, self.last, self.newest, self.set_in = [], None, 0, None
    def add_key(self, one):
        (role, who), keys, document = one
        if role == 2: self.documents[who] = joined(self.documents.get(who), document)
        self.keys[key_id(keys).hex()], self.order = one, self.order + [key_id(keys).hex()]
    def add_entry(self, index, body, kept=False):  # section 5
        reader = Reader(body)
        (version, kind, outcome, parts), tick, millis = reader.take(4), reader.number("Q"), reader.number("q")
        event, who = reader.take(16) if parts & 1 else None, reader.number("I") if parts & 2 else None
        payload, operation, _, words = reader.take(32), reader.bytes(), reader.bytes(), reader.bytes()
        signature = (reader.bytes(), reader.bytes()) if parts & 4 else None
        demand(version == 1 and outcome < 5 and parts < 8 and reader.at == len(body), f"entry {index} is none")
        goes_on = (kind := KINDS[kind]) == "Resumed" and self.manifest and self.after and tick == self.manifest["tick"]
        self.after = 0 if goes_on else self.after  # section 9
        demand(goes_on if kind == "Resumed" else not self.manifest, f"entry {index}: after the end, or resumed without one")
        demand(tick >= self.tick and (index > 2 or kind == ("Scene", "Seed", "Terms")[index]), f"entry {index}: out of place")
        self.tick, self.newest, self.last = self.tick if kept else tick, max(self.newest, millis), (index, sha3(b"\0" + body))
        said = {"Terms": [words], "Manifest": [words], "Resumed": [words], "Identity": [operation, words]}.get(kind)
        demand(not said or payload == parts_hash(*said), f"entry {index}: the words are not those of the hash")
        self.set_in = tick if (kind, operation, outcome) == ("Intervention", b"SetParam", 0) else self.set_in
        if kind == "Terms":
            before, self.terms, set_in, self.set_in = self.terms, json.loads(words)["terms"], self.set_in, None
            fixed = index == 2 or all(self.terms[name] == before[name] for name in ("sign", "keep"))
            demand(fixed and (index == 2 or kept or set_in == tick), f"entry {index}: nothing has changed the terms")
        self.files += [(operation.decode(), payload)] * (kind == "File")
        if kind == "Scene": self.scene = payload
        self.manifest = json.loads(words) if kind == "Manifest" else None
        self.manifests += [self.manifest] * (kind == "Manifest")
        if kind == "Identity":
            (did, history, _), name = self.documents[who], self.names.setdefault(who, operation.decode())
            known = words.decode().split(" ended ")[0] in [f"key {key_id(keys).hex()} since {at}" for keys, at, _ in history]
            demand(known and name == operation.decode() == name_of(did), f"entry {index}: another name, or no such key")
        if signature:
            key, hybrid = self.keys.get(signature[0].decode()), Reader(signature[1]).post(SIGNATURE)
            said = canonical(b"agent2028.event", event, operation, struct.pack("<Q", who), payload)
            demand(key and key[0] == (2, who) and who in self.names, f"entry {index} is signed by somebody else")
            at, (_, history, ended) = verify(key[1], hybrid, b"agent2028.event", said), self.documents[who]
            in_force = [key_id(keys) for keys, since, _ in history if since <= at][-1:]
            demand(in_force == [hybrid[1]] and not (ended and at > ended[2]), f"entry {index}: not the agent's key")
        self.counts[kind] = self.counts.get(kind, 0) + 1
    def add_head(self, size, root, tick, millis, signature, tree=None):  # section 6
        fits = tree is None or (size, root) == (tree.size, tree.root()) and millis >= self.newest
        demand(fits and (signature or not self.terms["sign"]), f"the head over {size} is of another tree, or unsigned")
        if signature:
            key, data = self.keys.get(signature[0].decode()), struct.pack("<Q32sQq", size, root, tick, millis)
            demand(key and key[0][0] == 0, f"the head over {size} is signed by nobody who may")
            verify(key[1], Reader(signature[1]).post(SIGNATURE), b"agent2028 ledger: tree head", data, millis * 1000)
        self.heads.append((size, root, signature, tick))
        self.after += 1 if self.manifest else 0
def read(path): return demand(os.path.isfile(path) and not os.path.islink(path), f"no file {path}") or open(path, "rb").read()
def check_files(run, ledger, whole):  # section 9
    names = FROM_THE_BEGINNING + AT_THE_END * whole + [name for name, _ in ledger.files]
    named = {file["name"]: file["sha3_256"] for file in ledger.manifest["files"]} if whole else dict.fromkeys(names)
    demand(set(names) <= set(named), "the manifest does not name a file that every run has")
    files = {name: read(os.path.join(run, name)) for name in named}
    grown = [file for manifest in ledger.manifests for file in manifest["files"] if file["name"] in GROWING]
    same = all(sha3(files[file["name"]][: file["bytes"]]).hex() == file["sha3_256"] for file in grown)
    same = same and all(hash in (None, sha3(files[name]).hex()) for name, hash in named.items())
    same = same and all(parts_hash(blake3(files[name]).digest()) == payload for name, payload in ledger.files)
    demand(same and parts_hash(files["scene.ron"]) == ledger.scene, "a file is another")
def check(run, root=None, key=None):
    folder, ledger, tree, number, before, torn = os.path.join(run, "ledger"), Ledger(), Tree(), 0, bytes(16), False
    saved = max([int(path[-16:-4]) for path in glob.glob(os.path.join(glob.escape(run), "checkpoints", "*.a28"))], default=0)
    if os.path.exists(base := os.path.join(folder, "base.a28b")):  # section 8
        data = read(base)
        demand(data[:8] == b"A28LBAS2" and blake3(data[8:-32]).digest() == data[-32:], "the base is damaged")
        number, before, front, pinned, kept, heads, keys, counts, ledger.stamps, drops = Reader(data[8:-32]).post(BASE)
        tree, counts = Tree(*front), {KINDS[kind]: count for kind, count in counts.items()}
        [ledger.add_key(one) for one in keys]
        [ledger.add_entry(*one, kept=True) for one in kept] + [ledger.add_head(*head, by) for head, by in heads]
        everything = all(ledger.counts.get(kind) == counts.get(kind) for kind in "Scene Seed File Terms Identity".split())
        demand(everything and ledger.terms["keep"] is not None, "entries are gone that have to be kept")
        ledger.counts, ledger.set_in = counts, drops[-1][2]
        tops = zip([level for level in range(63, -1, -1) if tree.size >> level & 1], tree.roots)
        tops, pinned = {(level, (tree.size >> level) - 1): top for level, top in tops}, {(a, b): c for a, b, c in pinned}
        for at, body in kept:  # they are under the roots
            node, level = sha3(b"\0" + body), 0
            while (level, at) not in tops:
                other = pinned[level, at ^ 1]
                node, level, at = sha3(b"\1" + (other + node if at & 1 else node + other)), level + 1, at >> 1
            demand(tops[level, at] == node, "an entry was kept that never was there")
    names = [] if os.path.islink(folder) else map(os.path.basename, glob.glob(os.path.join(glob.escape(folder), "*.a28l")))
    names = sorted(name for name in names if name[:-5].isdecimal() and number <= int(name[:-5]) < 1 << 32)
    for name in names:  # section 7
        data = read(os.path.join(folder, name))
        header = struct.pack("<8sIQ16s", b"A28LEDG2", number, tree.size, before)
        torn = name == names[-1] and len(data) < 52 and (header.startswith(data[:8]) or not any(data))
        demand(torn or data[:52] == header + blake3(header).digest()[:16], f"{name} does not go on where the ledger was")
        before, at, number = data[36:52], 52, number + 1
        while at < len(data):
            length, kind = struct.unpack_from("<IB", data, at) if at + 9 <= len(data) else (1 << 32, 0)
            body, end = data[at + 9 : at + 9 + length], at + 9 + length + 16
            if torn := name == names[-1] and (end > len(data) or not any(data[at:])): break
            demand(blake3(before + data[at : end - 16]).digest()[:16] == data[end - 16 : end], f"{name} at byte {at}")
            before, at, reader = data[end - 16 : end], end, Reader(body)
            if kind == 0:
                ledger.add_entry(tree.size, reader.take(length)), tree.push(body)
            elif kind == 1:
                head = reader.take(56), (reader.bytes(), reader.bytes()) if length > 56 else None
                ledger.add_head(*struct.unpack("<Q32sQq", head[0]), head[1], tree)
            elif kind == 2:
                index, leaf, millis, nonce = struct.unpack("<Q32sq16s", reader.take(64))
                stamper, signature = ledger.keys.get(reader.bytes().decode()), Reader(reader.bytes()).post(SIGNATURE)
                fits = stamper and stamper[0][0] == 1 and nonce not in ledger.nonces
                demand(fits and (index, leaf) == ledger.last and millis >= ledger.newest, "a time stamp is out of place")
                said, ledger.last, ledger.newest = leaf + struct.pack("<q", millis) + nonce, None, millis
                verify(stamper[1], signature, b"agent2028 ledger: time stamp", said, millis * 1000)
                ledger.stamps += 1 + (ledger.nonces.add(nonce) or 0)
            else: ledger.add_key(reader.post(KEY))
            demand(kind < 4 and reader.at == length, f"a record of {name} goes on after its end, or is none")
    demand(not (key and ledger.heads) or key == (ledger.heads[-1][2] or (b"",))[0].decode(), "not signed by this key")
    if torn or not (manifest := ledger.manifest) or ledger.heads[-1][0] != tree.size:
        demand(saved <= max([head[3] for head in ledger.heads], default=0) and "summary.json" not in os.listdir(run), "cut")
        is_begun = os.path.exists(rows := os.path.join(run, "metrics.csv")) and len(read(rows).splitlines()) > 1
        demand(ledger.terms or not is_begun and not os.path.islink(folder), "the beginning of the ledger is gone")
        return (ledger.terms and check_files(run, ledger, False)) or print(f"CUT OFF: {tree.size} entries") or 4
    told = dict(manifest["entries"], Manifest=manifest["entries"].get("Manifest", 0) + 1)
    told, heads = (told, manifest["stamps"], manifest["keys"], manifest["heads"]), len(ledger.heads) - ledger.after
    demand(told == (ledger.counts, ledger.stamps, ledger.order, heads), "the manifest tells of others")
    check_files(run, ledger, True) or demand(root in (None, tree.root().hex()), "the root is another")
    return print(f"whole: {tree.size} entries, root {tree.root().hex()}") or 0
try:
    sys.exit(check(sys.argv[1], **{name[2:]: value for name, value in zip(sys.argv[2::2], sys.argv[3::2])}))
except (Changed, InvalidSignature, KeyError, TypeError, ValueError, IndexError, struct.error, OSError) as problem:
    sys.exit(f"CHANGED: {problem!r}")
