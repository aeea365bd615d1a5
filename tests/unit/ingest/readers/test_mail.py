"""Mail: headers, body, what is attached, and how little of it a fault costs."""

from __future__ import annotations

from contextlib import suppress
from email.message import EmailMessage
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ingest.discovery import Skipped, discover
from ingest.errors import UnreadableFile
from ingest.outline.sections import find_sections
from ingest.readers.letter import Allowance
from ingest.reading import read, readers_of
from tests.fakes.files import write_docx, write_pdf
from tests.shared_data import needs_shared, shared

if TYPE_CHECKING:
    from pathlib import Path

    from ingest.model import Document


def message(body: str = "The rent is due on Monday.", *, subject: str = "Rent for March") -> EmailMessage:
    mail = EmailMessage()
    mail["From"] = "Ann Lee <ann@harbour.example>"
    mail["To"] = "Bo <bo@harbour.example>"
    mail["Date"] = "Mon, 04 Mar 2024 09:30:00 +0100"
    mail["Subject"] = subject
    mail.set_content(body)
    return mail


def read_bytes(folder: Path, data: bytes, name: str = "mail.eml") -> Document:
    (folder / name).write_bytes(data)
    (found,) = discover([folder / name]).found
    assert not isinstance(found, Skipped)
    document = read(found)
    end = 0
    for element in document.elements:
        assert element.start >= end
        assert element.text == document.text[element.start : element.end]
        assert not document.text[end : element.start].strip()
        end = element.end
    assert not document.text[end:].strip()
    assert document.reader in readers_of(found.media_type)
    return document


def test_headers_come_first_and_the_subject_is_the_title(tmp_path: Path) -> None:
    document = read_bytes(tmp_path, message(subject="Miete für März").as_bytes())
    assert document.title == "Miete für März"
    assert document.text.rstrip() == (
        "From: Ann Lee <ann@harbour.example>\nTo: Bo <bo@harbour.example>\n"
        "Date: Mon, 04 Mar 2024 09:30:00 +0100\nSubject: Miete für März\n\nThe rent is due on Monday."
    )


def test_plain_text_is_preferred_and_html_is_read_where_it_stands_alone(tmp_path: Path) -> None:
    both = message("In plain words.")
    both.add_alternative("<p>In <b>HTML</b>.</p>", subtype="html")
    assert "HTML" not in read_bytes(tmp_path, both.as_bytes()).text
    alone = message()
    alone.set_content("<h1>Late rent</h1><p>It bears interest at 1.5% a month.</p>", subtype="html")
    document = read_bytes(tmp_path, alone.as_bytes())
    assert document.text.endswith("\n\nLate rent\n\nIt bears interest at 1.5% a month.")


def test_attachments_are_read_by_the_readers_of_their_kinds(tmp_path: Path) -> None:
    write_pdf(tmp_path / "a.pdf", ["The Agent earns 12%.", "Exhibit A."])
    write_docx(tmp_path / "nda.docx")
    mail = message()
    mail.add_attachment(
        (tmp_path / "a.pdf").read_bytes(), maintype="application", subtype="pdf", filename="a.pdf"
    )
    mail.add_attachment(
        (tmp_path / "nda.docx").read_bytes(),
        maintype="application",
        subtype="octet-stream",
        filename="nda.docx",
    )
    mail.add_attachment("def rent(): ...\n", subtype="x-odd", filename="rent.py")
    mail.add_attachment("No name.", subtype="calendar")
    document = read_bytes(tmp_path, mail.as_bytes())
    assert document.warnings == ()
    assert [section.path for section in find_sections(document)] == [
        ("a.pdf",),
        ("a.pdf", "Exhibit A."),
        ("nda.docx",),
        ("nda.docx", "Non-disclosure agreement"),
        ("rent.py",),
        ("attachment-4",),
    ]
    assert "Attachments: a.pdf, nda.docx, rent.py, attachment-4" in document.text
    assert "The Agent earns 12%." in document.text
    assert (document.pages, document.symbols) == ((), ())
    assert all(element.page is None and not element.lines for element in document.elements)


def test_what_cannot_be_read_is_named_with_its_reason(tmp_path: Path) -> None:
    write_pdf(tmp_path / "a.pdf", ["The secret."], password="open sesame")
    mail = message()
    mail.add_attachment(
        (tmp_path / "a.pdf").read_bytes(), maintype="application", subtype="pdf", filename="a.pdf"
    )
    mail.add_attachment(b"\0\1\2", maintype="application", subtype="x-odd", filename="b.bin")
    mail.add_attachment(b"", maintype="text", subtype="plain", filename="c.txt")
    warnings = read_bytes(tmp_path, mail.as_bytes()).warnings
    assert [warning.split(": ")[:2] for warning in warnings] == [
        ["a.pdf", "encrypted"],
        ["b.bin", "unsupported"],
        ["c.txt", "empty"],
    ]


def test_mail_inside_mail_is_read_down_to_a_depth(tmp_path: Path) -> None:
    mail = message("The innermost words.", subject="level 9")
    for level in range(8, -1, -1):
        outer = message(f"Words of level {level}.", subject=f"level {level}")
        if level % 2:
            outer.add_attachment(mail)
        else:  # attached as a file by a program that knows no mail
            outer.add_attachment(
                mail.as_bytes(), maintype="application", subtype="x", filename=f"{level + 1}.eml"
            )
        mail = outer
    document = read_bytes(tmp_path, mail.as_bytes())
    assert "Words of level 5." in document.text
    assert "Words of level 6." not in document.text
    (warning,) = document.warnings
    assert warning.startswith(
        "1.eml: level 2.eml: 3.eml: level 4.eml: 5.eml: level 6.eml: unsupported: more than 5"
    )
    assert [section.level for section in find_sections(document)] == [1, 2, 3, 4, 5]


def test_an_encrypted_message_is_refused_and_named_inside_another(tmp_path: Path) -> None:
    sealed = b'Subject: s\r\nContent-Type: multipart/encrypted; boundary="b"\r\n\r\n--b\r\n\r\nx\r\n--b--\r\n'
    with pytest.raises(UnreadableFile, match="encrypted"):
        read_bytes(tmp_path, sealed)
    mail = message()
    mail.add_attachment(sealed, maintype="application", subtype="x", filename="s.eml")
    assert read_bytes(tmp_path, mail.as_bytes()).warnings[0].startswith("s.eml: encrypted")


@pytest.mark.parametrize(
    ("header", "shown"),
    [
        (b"=?koi8-r?B?4dLFzsTB?=", "Аренда"),
        (b"=?utf-8?Q?Miete_f=C3=BCr?=\r\n =?utf-8?Q?_M=C3=A4rz?=", "Miete für März"),
        ("Аренда склада в гавани".encode(), "Аренда склада в гавани"),
        (b"=?no-such-charset?Q?rent?=", "rent"),
        (b"=?utf-8?B?broken", "=?utf-8?B?broken"),
        (b"=?unicode_escape?Q?=5Cx41?=", "\\x41"),
        (b"\tfolded\r\n\tover lines", "folded over lines"),
    ],
)
def test_headers_are_decoded_however_they_were_written(tmp_path: Path, header: bytes, shown: str) -> None:
    assert read_bytes(tmp_path, b"Subject: " + header + b"\r\n\r\nWords.").title == shown


@pytest.mark.parametrize("declared", ["windows-1251", "no-such-charset", "us-ascii", "utf-8", "punycode"])
def test_a_body_is_decoded_where_its_charset_lies(tmp_path: Path, declared: str) -> None:
    body = "Арендатор обязан платить арендную плату не позднее пятого числа каждого месяца.\r\nКонец."
    data = f"Subject: a\r\nContent-Type: text/plain; charset={declared}\r\n\r\n".encode() + body.encode(
        "cp1251"
    )
    assert body.replace("\r\n", "\n") in read_bytes(tmp_path, data).text


@pytest.mark.parametrize(
    ("part", "words"),
    [
        (b"Content-Transfer-Encoding: base64\r\n\r\nVGhlIHJlbnQgaXMgZHVl\r\nLg", "The rent is due."),
        (b"Content-Transfer-Encoding: base64\r\n\r\nVGhlIHJlbnQgaXMgZHVlL*", "The rent is due"),
        (b"Content-Transfer-Encoding: no-such\r\n\r\nThe rent is due.", "The rent is due."),
        (b'Content-Type: multipart/mixed; boundary="x"\r\n\r\nThe rent is due.', "The rent is due."),
        (b"Content-Type: ;;;\r\n\r\nThe rent is due.", "The rent is due."),
    ],
)
def test_a_broken_message_gives_what_it_has(tmp_path: Path, part: bytes, words: str) -> None:
    assert words in read_bytes(tmp_path, b"Subject: a\r\n" + part).text


def test_reports_of_mail_servers_are_read(tmp_path: Path) -> None:
    report = (
        b'Subject: failed\r\nContent-Type: multipart/report; boundary="b"\r\n\r\n--b\r\n\r\nNot there.\r\n'
        b"--b\r\nContent-Type: message/delivery-status\r\n\r\nReporting-MTA: dns; x\r\n\r\n"
        b"Action: failed\r\n--b--"
    )
    text = read_bytes(tmp_path, report).text
    assert "Not there." in text
    assert "Action: failed" in text


def test_a_message_without_words_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UnreadableFile, match="no_text"):
        read_bytes(tmp_path, b" \r\n \r\n")


def test_no_more_is_taken_than_is_allowed() -> None:
    allowance = Allowance(bytes_left=10, files_left=2)
    allowance.take(6)
    with pytest.raises(UnreadableFile, match="unpacks_too_large"):
        allowance.take(5)
    allowance.take(4)
    with pytest.raises(UnreadableFile, match="more than"):
        allowance.take(0)


def test_parts_without_end_are_refused(tmp_path: Path) -> None:
    deep = b"".join(
        b'Content-Type: multipart/mixed; boundary="%d"\r\n\r\n--%d\r\n' % (n, n) for n in range(400)
    )
    with pytest.raises(UnreadableFile, match="broken"):
        read_bytes(tmp_path, deep + b"\r\nwords")


PIECES = st.sampled_from(
    [
        *(
            b"\r\n",
            b"\n",
            b"\0",
            b"\xff",
            b"=",
            b"--b",
            b"--b--",
            b'"',
            b";",
            b"=?utf-8?B?",
            b"?=",
            b"words ",
        ),
        *(
            b"Subject: ",
            b"From: ",
            b"Content-Type: multipart/mixed; boundary=b\r\n",
            b"Content-Type: text/html\r\n",
        ),
        *(b"Content-Type: message/rfc822\r\n", b"Content-Transfer-Encoding: base64\r\n", b"\r\n\r\n"),
        *(b"Content-Disposition: attachment; filename=", b"a.txt", b"a.eml", b"filename*=utf-8'';"),
    ]
)


@given(st.lists(PIECES | st.binary(max_size=8), max_size=40).map(b"".join))
def test_any_bytes_become_a_document_or_a_reason(
    tmp_path_factory: pytest.TempPathFactory, data: bytes
) -> None:
    with suppress(UnreadableFile):
        read_bytes(tmp_path_factory.mktemp("mail"), b"X" + data)


def refusals(pattern: str) -> dict[str, str]:
    refused: dict[str, str] = {}
    for file in sorted(shared("fixtures").glob(pattern)):
        (found,) = discover([file]).found
        assert not isinstance(found, Skipped)
        try:
            document = read(found)
        except UnreadableFile as error:
            refused[file.name] = error.reason
        else:
            assert document.title
            assert document.text.startswith("From: ")
    return refused


@needs_shared
def test_real_messages_are_read_or_refused_for_a_reason() -> None:
    assert refusals("*/eml/*.eml") == {"empty.eml": "no_text"}
    assert refusals("*/msg/*.msg") == {"fake-encrypted.msg": "encrypted"}


@needs_shared
def test_a_message_of_outlook(tmp_path: Path) -> None:
    data = (shared("fixtures/kreuzberg/msg/fake_email_attachment.msg")).read_bytes()
    document = read_bytes(tmp_path, data, "mail.msg")
    assert document.title == "Fake email with attachment"
    assert document.text.startswith(
        'From: "Mallori Harrell" <mallori@unstructured.io>\nTo: Mallori Harrell <'
    )
    assert "Date: Fri, 23 Dec 2022 12:08:48 -0600" in document.text
    assert document.text.endswith("fake-attachment.txt\n\nHey this is a fake attachment!")


@needs_shared
@pytest.mark.parametrize("cut", [600, 1_600, 5_000])
def test_a_damaged_message_of_outlook_is_refused(tmp_path: Path, cut: int) -> None:
    data = (shared("fixtures/kreuzberg/msg/fake_email_attachment.msg")).read_bytes()
    with pytest.raises(UnreadableFile) as error:
        read_bytes(tmp_path, data[:cut], "mail.msg")
    assert error.value.reason in {"broken", "wrong_extension"}
