"""Bytes become the text their author wrote, or are refused by name."""

from __future__ import annotations

import codecs
import json
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ingest.errors import UnreadableFile
from ingest.readers.decoding import decode
from tests.shared_data import needs_shared, shared

RUSSIAN = (
    "Статья 5. Предмет договора. Исполнитель обязуется оказать услуги по сопровождению программного "
    "обеспечения, а Заказчик обязуется принять и оплатить их в порядке и сроки, которые указаны ниже.\n"
) * 3
CHINESE = (
    "第三条 甲方应当在收到发票后三十日内支付全部服务费用。乙方不得将本合同项下的权利义务转让给第三方,"
    "除非事先取得甲方的书面同意。\n"
) * 3
TEXTS = st.text(st.characters(exclude_characters="\0\r", exclude_categories=("Cs", "Cc", "Cn", "Co")))


@given(TEXTS)
def test_utf8_comes_back_as_it_was_written(text: str) -> None:
    assert decode(text.encode()) == text.removeprefix("\ufeff")


@given(TEXTS, st.sampled_from(["utf-8", "utf-16-le", "utf-16-be", "utf-32-le", "utf-32-be"]))
def test_a_byte_order_mark_names_the_encoding_and_is_dropped(text: str, encoding: str) -> None:
    assert decode(("\ufeff" + text).encode(encoding)) == text


@given(st.binary(max_size=300))
def test_any_bytes_become_clean_text_or_are_refused_by_name(data: bytes) -> None:
    try:
        text = decode(data)
    except UnreadableFile as refusal:
        assert refusal.reason == "not_text"  # noqa: PT017 — both outcomes are right, each has its own property
    else:
        assert "\0" not in text
        assert "\r" not in text
        assert text.encode().decode() == text


def test_all_line_ends_become_one_kind() -> None:
    assert decode(b"one\r\ntwo\rthree\nfour\r\r\nfive") == "one\ntwo\nthree\nfour\n\nfive"


@pytest.mark.parametrize("encoding", ["utf-16-le", "utf-16-be", "utf-32-le", "utf-32-be"])
@pytest.mark.parametrize("text", [RUSSIAN, CHINESE, "Plain words.\n"])
def test_wide_encodings_need_no_mark(encoding: str, text: str) -> None:
    assert decode(text.encode(encoding)) == text


@pytest.mark.parametrize("encoding", ["cp1251", "koi8-r", "cp866", "iso8859-5", "mac-cyrillic"])
def test_russian_is_recognised_in_each_of_its_alphabets(encoding: str) -> None:
    assert decode(RUSSIAN.encode(encoding)) == RUSSIAN


@pytest.mark.parametrize(
    ("text", "encodings"),
    [
        ("El alquiler se paga por tres años en España. La compañía responderá.", "cp1252 iso8859-1"),
        ("O contrato terá a duração de três anos. As partes não são responsáveis.", "cp1252 iso8859-1"),
        ("Le loyer est dû à la signature. Où il est payé, c'est là.", "cp1252 iso8859-1 cp850 mac-roman"),
        ("Die Kündigung muß fünf Tage später schriftlich erfolgen.", "cp1252 iso8859-1 cp850 mac-roman"),
        ("La società avrà sede in Italia, perciò il canone è dovuto così.", "cp1252 iso8859-1"),
        ("Kontrakten løber i tre år. Lejeren må ikke fremleje værelset.", "cp1252 iso8859-1 cp850"),
        ("Najemca płaci czynsz w wysokości pięciu tysięcy złotych, później więcej.", "cp1250 iso8859-2"),
        ("Nájemce platí měsíčně předem, nejpozději však do pátého dne. Může se změnit.", "cp1250 iso8859-2"),
        ("A szerződés három évre szól. A bérlő a díjat előre fizeti.", "cp1250 iso8859-2"),
        ("Najmoprimac plaća najkasnije do petog dana. Može se produžiti, što će se reći.", "cp1250"),
        ("Sözleşme üç yıl için yapılmıştır. Kiracı kirayı peşin öder.", "cp1254"),
        ("Nuomininkas moka nuomą iš anksto, kiekvieną mėnesį. Šalys susitaria žodžiu.", "cp1257"),
        ("“Peña & Søn” shall pay £500 a day – see § 5. © 2020, 5 µm, 20 °C, Acme™.", "cp1252"),
        ("/* Copyright © 2020 */\n", "cp1252 iso8859-1"),
        ("// José Muñoz, François Lefèvre\n", "cp1252 iso8859-1"),
        ("Kovačević, Dvořák, Łódź\n", "cp1250"),
        ("Café crème, 5 €\n", "cp1252"),
    ],
)
@pytest.mark.parametrize("repeated", [1, 20])
def test_latin_letters_are_told_by_the_languages_that_write_them(
    text: str, encodings: str, repeated: int
) -> None:
    text = (text + " Plain words.\n") * repeated
    for encoding in encodings.split():
        assert decode(text.encode(encoding)) == text, encoding


def test_one_accent_among_many_plain_lines_is_enough() -> None:
    text = "The fee is £500 a day.\n" + "The tenant keeps the premises clean.\n" * 500
    assert decode(text.encode("cp1252")) == text


@pytest.mark.parametrize("encoding", ["gb18030", "gb2312"])
def test_chinese_is_recognised_without_a_declaration(encoding: str) -> None:
    assert decode(CHINESE.encode(encoding)) == CHINESE


def test_an_escaped_encoding_is_not_taken_for_ascii() -> None:
    assert decode("契約書の第三条".encode("iso2022_jp")) == "契約書の第三条"


@pytest.mark.parametrize(
    "opening", ['<?xml version="1.0" encoding="windows-1251"?>', "<meta charset=windows-1251>"]
)
def test_a_declared_charset_is_believed(opening: str) -> None:
    assert decode(f"{opening}<p>Цена</p>".encode("cp1251")) == f"{opening}<p>Цена</p>"


@pytest.mark.parametrize("name", ["rot13", "zlib", "unicode_escape", "utf-7", "idna", "no-such-charset"])
def test_a_declared_codec_that_is_no_charset_is_ignored(name: str) -> None:
    text = f'<?xml encoding="{name}"?>\\x41+AEE- {RUSSIAN}'
    assert decode(text.encode("cp1251")) == text


def test_utf8_is_tried_before_what_is_declared() -> None:
    assert decode("<meta charset=windows-1251><p>Цена</p>".encode()).endswith("<p>Цена</p>")


def test_a_broken_byte_costs_one_character_not_the_alphabet() -> None:
    data = RUSSIAN.encode()
    assert decode(data[:1] + data[2:]) == "\ufffd" + RUSSIAN[1:]
    assert decode("The fee is €5 — final.\nSigned: Jos".encode() + b"\xe9\n").endswith("Jos\ufffd\n")


@pytest.mark.parametrize(
    "data",
    [
        b"text with a \0 inside",
        b"\x7fELF\x02\x01\x01" + bytes(64),
        bytes(range(1, 32)) * 20,
        codecs.BOM_UTF8 + bytes(10),
        b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR\0\0\x01\0\0\0\x01\0\x08\x06\0\0\0",
    ],
)
def test_binary_is_refused(data: bytes) -> None:
    with pytest.raises(UnreadableFile, match="not_text"):
        decode(data)


def test_a_long_legacy_text_is_read_whole() -> None:
    text = RUSSIAN * 500
    assert decode(text.encode("koi8-r")) == text


@needs_shared
def test_files_in_legacy_encodings_are_read_as_their_folders_name_them() -> None:
    files = [file for file in shared("adversarial/encodings").rglob("*") if file.is_file()]
    right = sum(_reads_as_named(file.read_bytes(), file.parent.name) for file in files)
    assert right >= 0.985 * len(files)


@needs_shared
def test_contracts_in_the_encoding_of_western_windows_are_read() -> None:
    lines = shared("cuad/documents.jsonl").read_text().splitlines()
    texts = [
        json.loads(line)["text"].encode("cp1252", "ignore").decode("cp1252").replace("\r", "")
        for line in lines
    ]
    marked = [text for text in texts if not text.isascii()]
    right = sum(decode(text.encode("cp1252")) == text for text in marked)
    assert right >= 0.95 * len(marked)


def _reads_as_named(data: bytes, folder: str) -> bool:
    encoding = re.sub(r"-[a-z]{4,}$", "", folder)
    try:
        return decode(data) == re.sub("\r\n?", "\n", data.decode(encoding)).removeprefix("\ufeff")
    except (LookupError, UnreadableFile):
        return False
