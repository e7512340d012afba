# 面试：时段、预约、通话。
interviews-title = 我的面试
interviews-with = 与{ $with }的面试
interviews-details = 面试信息
interviews-minutes = { $n } 分钟
interviews-no-break = 不休息
interviews-zone-beijing = 北京时间

interviews-state-booked = 已预约
interviews-state-running = 进行中
interviews-state-done = 已完成
interviews-state-no-show = 未到场
interviews-state-cancelled = 已取消

interviews-offers-title = 面试时段
interviews-offers-lead = 放出可以面试的时间，求职者自己来选。
interviews-offer-title = 放出时段
interviews-offer-submit = 放出这些时段
interviews-offered = 已放出 { $n } 个时段
interviews-free-slots = 还没有人预约的时段
interviews-none-offered = 还没有放出时段
interviews-none-offered-hint = 填好日期和时间，系统会按时长自动分成多个时段。
interviews-withdraw = 收回
interviews-withdraw-label = 收回 { $time } 的时段
interviews-withdrawn = 时段已收回
interviews-slot-held = 这个时段刚刚被预约或已经收回
interviews-no-fair = 贵单位目前没有参加开放中的招聘会，暂时不能放出时段。
interviews-zone-hint = 请按招聘会所在地时间填写（{ $zone }），时间为 5 分钟的整数倍。
interviews-overlap = 这段时间和您已经放出的时段有重叠

interviews-field-fair = 招聘会
interviews-field-date = 日期
interviews-field-from = 从
interviews-field-to = 到
interviews-field-length = 每场时长
interviews-field-buffer = 场间休息
interviews-field-time = 时间
interviews-field-posting = 应聘岗位
interviews-field-recruiter = 面试官
interviews-field-seeker = 求职者
interviews-field-reason = 取消原因

interviews-date-wrong = 请选择日期
interviews-date-far = 只能安排 90 天以内的面试
interviews-time-wrong = 请填写时间，例如 09:30
interviews-time-step = 时间请取 5 分钟的整数倍
interviews-time-past = 这个时间已经过去了
interviews-time-skipped = 当天因夏令时调整没有这个时间，请换一个
interviews-to-before-from = 结束时间要晚于开始时间
interviews-too-short = 这段时间不够安排一场面试
interviews-too-many = 一次最多放出 72 个时段，请分几次填写
interviews-length-wrong = 请从列表中选择时长
interviews-buffer-wrong = 请从列表中选择休息时间

interviews-day-title = 当日面试
interviews-day-before = 前一天
interviews-day-after = 后一天
interviews-day-show = 查看
interviews-day-none = 这一天没有面试
interviews-day-none-hint = 放出时段以后，求职者就可以预约。

interviews-book-title = 预约视频面试
interviews-book = 预约
interviews-confirm = 预约这个时间吗？
interviews-nearest = 时间最接近的空闲时段
interviews-mine-here = 您已经约好的面试
interviews-none-free = 目前没有可约的时段
interviews-none-free-hint = 可以在展位里给招聘官留言，或过一会儿再来看看。
interviews-back-to-room = 回到展位
interviews-back-to-fair = 回到招聘会
interviews-sign-in-first = 点一个时间，用手机号或邮箱登录后就能预约。
interviews-verify-first = 预约面试需要先验证手机号或邮箱，这样有变动时才能通知到您。
interviews-booked-flash = 预约成功，面试前会提醒您
interviews-slot-taken = 手慢了一步，这个时段刚刚被别人约走了
interviews-slot-past = 这个时段已经开始或过去了
interviews-you-are-busy = 您在这个时间已经有另一场面试了
interviews-recruiter-busy = 面试官在这个时间已有其他安排
interviews-own-employer = 不能预约自己单位的面试
interviews-fair-closed = 招聘会目前没有开放，不能预约
interviews-replayed = 这次提交已经用于另一个时段，请刷新页面后再试

interviews-none = 还没有预约面试
interviews-none-hint = 走进招聘会的展位，就能看到可以预约的时间。
interviews-join = 进入面试
interviews-calendar = 加入日历
interviews-opens-hint = 面试前 10 分钟开放进入。到时这里会自动出现设备检测，请提前几分钟来。
interviews-too-early = 还没到时间，面试前 10 分钟开放进入
interviews-over = 这场面试已经结束或取消

interviews-cancel = 取消这场面试
interviews-cancel-submit = 确认取消
interviews-reason-hint = 对方会看到这句话。
interviews-reason-needed = 请写一句原因，让对方知道
interviews-offer-again = 这个时段继续开放给其他人预约
interviews-cancelled-flash = 面试已取消，对方会收到通知
interviews-cancel-late = 这场面试已经开始、结束或取消，不能再取消
interviews-by-seeker = 求职者取消
interviews-by-employer = 用人单位取消

interviews-check-title = 设备检测
interviews-check-start = 打开摄像头和麦克风
interviews-check-off = 摄像头未打开
interviews-camera = 摄像头
interviews-microphone = 麦克风
interviews-level = 麦克风音量
interviews-level-hint = 说句话，绿条会跟着动，就说明对方听得到您。
interviews-audio-only = 只用语音，不开摄像头（省流量）
interviews-needs-script = 视频面试需要浏览器启用 JavaScript。如果看不到按钮，请换用系统自带浏览器打开。

interviews-connecting = 正在连接……
interviews-you = 我
interviews-controls = 通话操作
interviews-mute = 静音
interviews-hide = 关摄像头
interviews-extend = 加 5 分钟
interviews-end = 结束面试
interviews-end-confirm = 结束这场面试吗？
interviews-end-text = 双方都会退出，之后不能再进入。
interviews-ended-flash = 面试已结束
interviews-leave = 离开
interviews-sound = 点这里打开声音
interviews-take = 在这里继续
interviews-other-muted = 对方已静音
interviews-cannot-extend = 现在不能再延长了

interviews-calendar-title = 视频面试：{ $with }
interviews-calendar-text = 到时间请打开：{ $link } 面试前 10 分钟开放进入，请提前检查摄像头和麦克风。
interviews-calendar-alarm = 视频面试 10 分钟后开始
interviews-mail-booked-subject = 面试已约好：{ $with }，{ $when }
interviews-mail-booked =
    您与{ $with }的视频面试已约好。
    时间：{ $when }
    到时间请打开：{ $link }
    面试前 10 分钟开放进入，不能参加请在该页面取消。
interviews-mail-cancelled-subject = 面试已取消：{ $with }，{ $when }
interviews-mail-cancelled =
    您与{ $with }的视频面试已取消。
    原定时间：{ $when }
    原因：{ $reason }
interviews-mail-reminder-subject = 面试马上开始：{ $with }
interviews-mail-reminder =
    您与{ $with }的视频面试即将开始。
    时间：{ $when }
    现在就可以进入，检查摄像头和麦克风：{ $link }

js-interviews-waiting = 对方还没有进入，请稍候
js-interviews-waiting-early = 还没到时间，对方到了会自动接通
js-interviews-other-left = 对方暂时离开，回来后会自动接通
js-interviews-other-here = 对方已进入，正在接通画面……
js-interviews-camera-off = 对方没有开摄像头，可以语音交谈
js-interviews-reconnecting = 网络不稳，正在重新连接……
js-interviews-left = 剩余 { $time }
js-interviews-starts-in = { $time } 后开始
js-interviews-overtime = 已超时 { $time }
js-interviews-one-minute = 还有 1 分钟
js-interviews-time-over = 时间到了，可以继续说完
js-interviews-next-soon = 下一场 { $time } 开始
js-interviews-extended = 面试延长了 5 分钟
js-interviews-mute = 静音
js-interviews-unmute = 取消静音
js-interviews-hide = 关摄像头
js-interviews-show = 开摄像头
js-interviews-elsewhere = 这场面试已在另一个窗口打开
js-media-denied = 没有获得摄像头和麦克风的权限。请点地址栏旁的锁形图标，允许本网站使用，然后再试一次。
js-media-denied-audio = 没有获得麦克风的权限。请点地址栏旁的锁形图标，允许本网站使用，然后再试一次。
js-media-none = 没有找到麦克风，请插好耳机或换一台设备。
js-media-no-camera = 没有找到摄像头，将只用语音。
js-media-busy = 摄像头或麦克风正被其他程序占用，请关闭微信通话、会议等程序后再试。
js-media-insecure = 这个网址不是 https 开头，浏览器不允许使用摄像头。请用 https 地址打开。
js-media-unsupported = 这个浏览器不支持视频通话，请换用系统自带浏览器或最新版 Chrome。
js-media-camera-n = 摄像头 { $n }
js-media-microphone-n = 麦克风 { $n }
js-media-default = 默认设备
js-media-camera-on = 摄像头已打开
js-media-audio-only = 仅语音
interviews-confirm-text = { $with } · { $time }（{ $zone }）
