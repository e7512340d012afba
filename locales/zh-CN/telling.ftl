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
telling-short-invited = { $with }邀请您面试：{ $when }，请在 { $until } 前回复：{ $link }
telling-short-choose = { $with }邀请您面试“{ $title }”，请选时间：{ $link }
telling-short-offered = { $with }有面试空位：{ $when }，保留到 { $until }，请尽快确认：{ $link }
telling-short-proposed = { $with }希望改在 { $when } 面试，请在 { $until } 前回复：{ $link }
telling-short-declined = { $with }谢绝了 { $when } 的面试时间。
telling-short-reminder = 面试提醒：{ $with }，{ $when }。入口：{ $link }
telling-short-soon = 面试马上开始：{ $with }。现在就可以进入：{ $link }
telling-reminder-24h = 提前 24 小时
telling-reminder-1h = 提前 1 小时
telling-reminder-10min = 提前 10 分钟
telling-reminders = 提醒
telling-reminders-none = 没有待发的提醒
telling-settings-link = 通知方式

telling-calendar-name = 春风面试
telling-reply-wrong = 这不是对该面试的日历答复
telling-reply-old = 面试已有变动，这份日历答复已过期，未作任何更改
telling-reply-confirm = 您的日历拒绝了面试（{ $with }，{ $when }）。确实不去的话，请在这里取消
telling-push-wrong = 这个浏览器给出的推送地址不能用

telling-title = 通知方式
telling-lead = 面试预约、改期、取消和提醒，用您选的方式告诉您。
telling-ways-title = 用什么方式通知我
telling-ways-lead = 勾选即表示同意用这种方式接收与您的求职和面试有关的通知。我们不发广告，随时可以取消。
telling-way-email = 电子邮件
telling-way-phone = 短信
telling-way-push = 浏览器通知
telling-ways-note = 登录验证码不受影响。不论怎么选，登录后页面上的铃铛里都能看到通知。
telling-ways-none = 现在没有任何方式能通知到您，只能登录后在页面上查看。
telling-way-missing = 还没有验证过
telling-said-yes = 同意于
telling-said-no = 拒绝于
telling-said-default = 您验证了这个联系方式，默认用它通知您
telling-push-first = 先在下面开启这个浏览器的通知
telling-save = 保存
telling-saved = 已保存

telling-push-title = 浏览器通知
telling-push-lead = 开启后，即使没打开网页，这个浏览器也会提醒您。
telling-push-on = 在这个浏览器上开启
telling-push-remove = 关闭
telling-push-removed = 已关闭
telling-push-browser = 浏览器
telling-push-script = 这个功能需要 JavaScript。

telling-quiet-title = 免打扰时段
telling-quiet-lead = 这段时间里的通知等时段结束再发。2 小时内就要开始的面试仍会马上通知；其他通知也不会拖到太晚，最迟在面试前 2 小时发出。
telling-quiet-on = 开启免打扰
telling-quiet-from = 从
telling-quiet-to = 到
telling-quiet-zone = 时区
telling-quiet-zone-hint = 例如 Asia/Shanghai（北京时间）
telling-quiet-time-wrong = 请填写时间，例如 22:00
telling-quiet-same = 开始和结束不能相同
telling-quiet-zone-wrong = 没有这个时区，例如可填 Asia/Shanghai

telling-calendar-title = 订阅日历
telling-calendar-lead = 把地址加到手机或电脑的日历里，您的面试会自动出现，有变动自动更新。谁有这个地址谁就能看到，请不要转发。
telling-calendar-once = 地址只显示这一次，请现在添加到日历。
telling-calendar-url = 日历地址
telling-calendar-copy = 复制
telling-calendar-open = 在日历中打开
telling-calendar-made = 地址生成于
telling-calendar-make = 生成地址
telling-calendar-renew = 换一个新地址
telling-calendar-renew-sure = 换新地址后，旧地址马上失效，需要重新添加到日历。要换吗？
telling-calendar-remove = 停用
telling-calendar-removed = 日历地址已停用

telling-notices-title = 通知
telling-notices-none = 还没有通知
telling-notices-none-text = 面试约好、改期或取消时，这里会告诉您。
telling-notices-seen = 全部标为已读
telling-notices-new = 新
telling-next = 接下来的面试
js-telling-bell = 通知
js-telling-unseen = 通知，{ $n } 条未读
js-telling-open = 查看
js-telling-soon = 与{ $with }的面试可以进入了
js-telling-push-unable = 这个浏览器不支持通知。iPhone 请先把网页添加到主屏幕，再从主屏幕打开。
js-telling-push-denied = 这个浏览器禁止了本站通知。请在浏览器的网站设置里允许后再试。
js-telling-push-asked = 需要您允许通知才能开启
js-telling-push-failed = 没能开启。这个浏览器的通知服务可能连不上，请稍后再试，或改用短信、邮件。
