"""Invented people's names by culture, for the demo's members. Any likeness is chance; nothing here is data.

Only word lists: which person gets which name is decided by the generator's seed.
"""

from __future__ import annotations

_WORDS: dict[str, tuple[str, str]] = {
    "german": (
        (
            "Anna Ben Carla Dirk Elena Felix Greta Hannes Ines Jonas Katrin Lukas Marie Nils Paula"
            " Ralf Sabine Timo"
        ),
        (
            "Albers Becker Conrad Dietrich Ebert Franke Gerlach Hansen Jansen Krause Lorenz "
            "Meinert Otto Petzold Roth Seidel"
        ),
    ),
    "english": (
        (
            "Alice Brian Carmen Derek Erin Frank Grace Henry Isla Jack Karen Liam Megan Nathan "
            "Olivia Peter Rosa Sam Tara Will"
        ),
        (
            "Adams Bishop Carver Dalton Ellis Foster Grant Hayes Ingram Jarvis Keller Lawson "
            "Mercer Norris Palmer Quinn Reyes Stone"
        ),
    ),
    "irish": (
        "Aisling Brendan Ciara Declan Eimear Fionn Grainne Hugh Keelan Maeve Niamh Oisin Roisin Sean",
        "Brennan Casey Doyle Egan Farrell Gallagher Hogan Keane Lynch Moran Nolan Quigley",
    ),
    "nigerian": ("Ada Chidi Emeka Ifeoma", "Adeyemi Balogun Eze Okoro"),
    "singaporean": (
        "Aisha Bernard Cheryl Daniel Farah Gopal Hui Ivan Jasmine Kumar Li Mei Nurul Priya",
        "Chan Goh Lee Lim Menon Ng Ong Rahman Tan Teo Wong",
    ),
    "french": (
        "Amélie Bruno Chloé Didier Élise Fabien Hélène Julien Léa Mathieu",
        "Aubert Blanc Caron Dumas Fabre Girard Lemoine Mercier",
    ),
    "chinese": (
        "伟 芳 娜 敏 静 丽 强 磊 军 洋 勇 艳 杰 涛 明 超 霞 平 刚 桂英",
        "王 李 张 刘 陈 杨 赵 黄 周 吴 徐 孙 胡 朱 高 林",
    ),
    "indian": (
        "Aarav Bhavna Chetan Deepa Esha Farhan Gauri Harish Isha Jatin Kavya Manoj Neha Pooja Rahul Sunita",
        "Agarwal Bose Chopra Desai Gupta Iyer Joshi Kapoor Mehta Nair Patel Rao Shah Verma",
    ),
    "norwegian": (
        "Astrid Bjørn Dag Eirik Frida Gunnar Hilde Ingrid Kari Lars Mona Odd Ragnhild Sven Tor",
        "Aasen Berg Dahl Eide Foss Haugen Lie Moen Nygård Solberg Strand",
    ),
    "japanese": (
        "Aiko Daichi Emi Haruto Kenji Mika Naoki Rin Sota Yui Yuki",
        "Fujita Hayashi Kato Mori Nakano Ogawa Saito Ueda Yamada",
    ),
    "brazilian": (
        (
            "Ana Bruno Camila Diego Eduarda Fábio Gabriela Heitor Isabela João Larissa Marcos "
            "Natália Otávio Paulo Renata Thiago Vera"
        ),
        "Almeida Barbosa Cardoso Dias Ferreira Gomes Lima Martins Nunes Pereira Ramos Souza Teixeira Vieira",
    ),
    "danish": (
        "Anders Birgit Christian Dorte Emil Freja Henrik Ida Jesper Karen Mads Nanna Ole Sofie",
        "Bach Friis Holm Juul Kjær Lund Madsen Nissen Vestergaard",
    ),
}

#: Cultures that write the family name first and without a space.
_FAMILY_FIRST = frozenset({"chinese"})

NAMES: dict[str, tuple[tuple[str, ...], tuple[str, ...]]] = {
    culture: (tuple(given.split()), tuple(family.split())) for culture, (given, family) in _WORDS.items()
}


def full_name(culture: str, given: str, family: str) -> str:
    return f"{family}{given}" if culture in _FAMILY_FIRST else f"{given} {family}"
