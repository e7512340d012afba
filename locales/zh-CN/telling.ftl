# 通知：短信、提醒、日历、浏览器通知。
telling-mail-moved-subject = 面试改到：{ $when }，{ $with }
telling-mail-moved =
    您与{ $with }的视频面试改时间了。
    新时间：{ $when }
    到时间请打开：{ $link }
    这个时间不合适，请在该页面改期或取消。
telling-mail-day-subject = 面试提醒：{ $when }，{ $with }
telling-mail-day =
    您与{ $with }约了视频面试。
    时间：{ $when }
    到时间请打开：{ $link }
    去不了请提前在该页面取消，让对方早知道。
telling-mail-hour-subject = 面试 1 小时后开始：{ $with }
telling-mail-hour =
    您与{ $with }的视频面试还有不到 1 小时。
    时间：{ $when }
    请找一个安静、网络好的地方，到时间打开：{ $link }
telling-short-booked = 面试约好了：{ $with }，{ $when }。查看：{ $link }
telling-short-moved = 面试改时间了：{ $with }，改到 { $when }。查看：{ $link }
telling-short-cancelled = 面试取消了：{ $with }，原定 { $when }。
telling-short-reminder = 面试提醒：{ $with }，{ $when }。入口：{ $link }
telling-short-soon = 面试马上开始：{ $with }。现在就可以进入：{ $link }
telling-reminder-24h = 提前 24 小时
telling-reminder-1h = 提前 1 小时
telling-reminder-10min = 提前 10 分钟
telling-reminders = 提醒
telling-reminders-none = 没有待发的提醒
telling-settings-link = 通知方式
