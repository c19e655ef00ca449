"""The shortcodes that become emoji, and the ones that the reaction picker offers."""

SHORTCODES: dict[str, str] = {
    "+1": "👍", "thumbsup": "👍", "-1": "👎", "thumbsdown": "👎", "clap": "👏", "wave": "👋", "pray": "🙏",
    "namaste": "🙏", "ok_hand": "👌", "raised_hands": "🙌", "muscle": "💪", "point_up": "☝️", "point_right": "👉",
    "smile": "😄", "smiley": "😃", "grin": "😁", "joy": "😂", "rofl": "🤣", "laughing": "😆", "slight_smile": "🙂",
    "wink": "😉", "blush": "😊", "heart_eyes": "😍", "kissing_heart": "😘", "thinking": "🤔", "neutral_face": "😐",
    "expressionless": "😑", "rolling_eyes": "🙄", "smirk": "😏", "sweat_smile": "😅", "cry": "😢", "sob": "😭",
    "angry": "😠", "rage": "😡", "scream": "😱", "flushed": "😳", "sleeping": "😴", "sunglasses": "😎",
    "nerd": "🤓", "partying_face": "🥳", "exploding_head": "🤯", "mind_blown": "🤯", "see_no_evil": "🙈",
    "facepalm": "🤦", "shrug": "🤷", "eyes": "👀", "brain": "🧠", "robot": "🤖", "ghost": "👻", "skull": "💀",
    "heart": "❤️", "broken_heart": "💔", "orange_heart": "🧡", "yellow_heart": "💛", "green_heart": "💚",
    "blue_heart": "💙", "purple_heart": "💜", "fire": "🔥", "sparkles": "✨", "star": "⭐", "star2": "🌟",
    "zap": "⚡", "boom": "💥", "100": "💯", "tada": "🎉", "confetti_ball": "🎊", "gift": "🎁", "trophy": "🏆",
    "medal": "🏅", "first_place": "🥇", "second_place": "🥈", "third_place": "🥉", "dart": "🎯", "rocket": "🚀",
    "bug": "🐛", "beetle": "🪲", "snake": "🐍", "crab": "🦀", "whale": "🐳", "elephant": "🐘", "tiger": "🐯",
    "cat": "🐱", "dog": "🐶", "turtle": "🐢", "snail": "🐌", "unicorn": "🦄", "hatching_chick": "🐣",
    "computer": "💻", "keyboard": "⌨️", "floppy_disk": "💾", "bulb": "💡", "wrench": "🔧", "hammer": "🔨",
    "gear": "⚙️", "lock": "🔒", "key": "🔑", "mag": "🔍", "link": "🔗", "paperclip": "📎", "memo": "📝",
    "books": "📚", "book": "📖", "calendar": "📅", "chart": "📈", "bell": "🔔", "hourglass": "⏳", "alarm_clock": "⏰",
    "white_check_mark": "✅", "check": "✅", "x": "❌", "warning": "⚠️", "question": "❓", "exclamation": "❗",
    "construction": "🚧", "recycle": "♻️", "coffee": "☕", "tea": "🍵", "chai": "🍵", "pizza": "🍕", "mango": "🥭",
    "cake": "🍰", "cookie": "🍪", "beers": "🍻", "cricket": "🏏", "soccer": "⚽", "guitar": "🎸", "art": "🎨",
    "sun": "☀️", "sunny": "☀️", "cloud": "☁️", "rainbow": "🌈", "umbrella": "☔", "moon": "🌙", "earth": "🌍",
    "seedling": "🌱", "tree": "🌳", "rose": "🌹", "sunflower": "🌻", "marigold": "🌼", "india": "🇮🇳", "money": "💰",
    "rupee": "💸", "poop": "💩", "pin": "📌", "speech": "💬",
}  # fmt: skip

PICKER: tuple[str, ...] = (
    "👍", "❤️", "😂", "🎉", "🙏", "👀", "🔥", "✅", "🤔", "😢", "👏", "🚀", "💯", "🐛", "💡", "🏆", "👎", "😄", "🙌",
)  # fmt: skip

REACTIONS = frozenset(SHORTCODES.values()) | frozenset(PICKER)
"""What a message can be answered with; a list of its own, so that no one reacts with a sentence."""
