"""Words of `engage.web.console.forms`."""

from __future__ import annotations

from typing import Final

WORDS: Final = {
    "Say what was done, in {most:d} characters at most.": "请说明采取了什么措施，最多 {most} 个字符。",
    "Say who did it, in {most:d} characters at most.": "请说明由谁采取，最多 {most} 个字符。",
    "The form is too long.": "表单内容过长。",
    "The form cannot be read.": "无法读取表单。",
}
